namespace Mooring.Controller.Validation;

/// <summary>An entry of a Secret.</summary>
internal readonly record struct SecretEntry(string Namespace, string Name, string Key)
{
    public override string ToString() => $"{Namespace}/{Name}, entry {Key}";
}
