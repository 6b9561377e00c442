namespace Mooring.Core.Snapshots;

/// <summary>An inclusive range of HTTP statuses.</summary>
public readonly record struct StatusRange(int First, int Last)
{
    public bool Contains(int status) => status >= First && status <= Last;

    public override string ToString() => First == Last ? $"{First}" : $"{First}-{Last}";
}
