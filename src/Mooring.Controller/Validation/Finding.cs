namespace Mooring.Controller.Validation;

/// <summary>Something wrong with an object that only a person can put right.</summary>
/// <param name="Reason">CamelCase; one of <see cref="Reasons"/>.</param>
/// <param name="Field">Path of the field, or empty when no single one is at fault.</param>
/// <param name="Message">What was found, and the fix.</param>
internal sealed record Finding(string Reason, string Field, string Message)
{
    public override string ToString() => Field.Length == 0 ? Message : $"{Field}: {Message}";
}
