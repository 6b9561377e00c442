using System.Text.RegularExpressions;

namespace Mooring.Sandbox.Network;

/// <summary>
/// The name of a sandbox: a lower-case letter, then up to eleven letters and digits. No hyphen, so that the prefix of
/// one sandbox's namespaces is never the beginning of another's.
/// </summary>
internal sealed partial record SandboxName
{
    public const string Default = "demo";

    private SandboxName(string value) => Value = value;

    public string Value { get; }

    /// <summary>What every network namespace of the sandbox begins with.</summary>
    public string NamespacePrefix => $"mr-{Value}-";

    /// <exception cref="FormatException">The text is not a sandbox name; the message says what one is.</exception>
    public static SandboxName Parse(string text) =>
        Pattern().IsMatch(text)
            ? new SandboxName(text)
            : throw new FormatException(
                $"'{text}' cannot name a sandbox: use a lower-case letter, then up to 11 letters and digits");

    public string Namespace(string member) => NamespacePrefix + member;

    public override string ToString() => Value;

    [GeneratedRegex(@"^[a-z][a-z0-9]{0,11}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
