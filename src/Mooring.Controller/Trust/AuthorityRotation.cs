namespace Mooring.Controller.Trust;

/// <summary>When one authority replaces another, step by step.</summary>
/// <param name="Lifetime">Of an authority.</param>
/// <param name="Overlap">
/// How long both are trusted before the new one signs, and after: longer than it takes agents to learn of it.
/// </param>
internal sealed record AuthorityRotation(TimeSpan Lifetime, TimeSpan Overlap)
{
    /// <summary>The set after the step that is due, or the same set.</summary>
    /// <param name="requested">Somebody asked for a new authority.</param>
    public AuthoritySet Advance(AuthoritySet set, DateTimeOffset now, bool requested)
    {
        if (set.Next is { } next)
        {
            // With an authority that ends, nobody can connect any more: waiting longer helps no one.
            return now - set.Since >= Overlap || now >= set.Signing.NotAfter - Overlap
                ? new AuthoritySet { Signing = next, Previous = set.Signing with { KeyPem = null }, Since = now }
                : set;
        }

        if (set.Previous is not null)
        {
            return now - set.Since >= Overlap ? set with { Previous = null, Since = now } : set;
        }

        var due = set.Signing.NotAfter - ((set.Signing.NotAfter - set.Signing.NotBefore) / 3);
        return requested || now >= due
            ? set with { Next = Authority.Create(now, Lifetime), Since = now }
            : set;
    }
}
