namespace Mooring.Sandbox.KubeApi.Cel;

/// <summary>An expression that fails when it is evaluated, for example on a missing key.</summary>
internal sealed class CelException(string message) : Exception(message);
