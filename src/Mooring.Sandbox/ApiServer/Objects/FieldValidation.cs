namespace Mooring.Sandbox.KubeApi.Objects;

/// <summary>What happens to unknown and duplicate fields.</summary>
internal enum FieldValidation
{
    Ignore,
    Warn,
    Strict,
}
