namespace Mooring.Architecture.Tests;

internal sealed record Project(string Name, IReadOnlySet<string> References, IReadOnlySet<string> Packages)
{
    /// <summary>Everything of ours that the project reaches through its references, itself left out.</summary>
    public IReadOnlySet<string> Closure(IReadOnlyDictionary<string, Project> all)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var open = new Queue<string>(References);
        while (open.TryDequeue(out var next))
        {
            if (seen.Add(next))
            {
                foreach (var reference in all[next].References)
                {
                    open.Enqueue(reference);
                }
            }
        }

        return seen;
    }
}
