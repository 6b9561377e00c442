namespace Mooring.Sandbox.KubeApi.Cel;

/// <summary>The expression uses something that is not understood here; it is announced, never taken as true in silence.</summary>
internal sealed class CelUnsupportedException(string message) : Exception(message);
