namespace Mooring.Sandbox.Echo;

/// <summary>Who an echo program says it is.</summary>
internal sealed record EchoIdentity(string Pod, string Node);
