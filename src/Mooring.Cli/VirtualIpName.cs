namespace Mooring.Cli;

/// <summary>A VirtualIp as people write it: <c>vip/web</c> or <c>web</c>.</summary>
internal static class VirtualIpName
{
    public static string Of(string target) => target[(target.IndexOf('/', StringComparison.Ordinal) + 1)..];
}
