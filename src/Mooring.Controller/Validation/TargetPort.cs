using System.Globalization;

namespace Mooring.Controller.Validation;

/// <summary>Port of the endpoints: by number, or by name (then <see cref="Number"/> is 0).</summary>
internal readonly record struct TargetPort(ushort Number, string? Name)
{
    public override string ToString() => Name ?? Number.ToString(CultureInfo.InvariantCulture);
}
