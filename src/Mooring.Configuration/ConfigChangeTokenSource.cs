using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Mooring.Configuration;

/// <summary>Has an <see cref="IOptionsMonitor{T}"/> compute its options anew when the file changed.</summary>
internal sealed class ConfigChangeTokenSource<T>(ConfigFile file) : IOptionsChangeTokenSource<T>
{
    public string Name => Options.DefaultName;

    public IChangeToken GetChangeToken() => file.Watch();
}
