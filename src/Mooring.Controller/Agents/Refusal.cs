namespace Mooring.Controller.Agents;

/// <summary>A part of a snapshot that an agent could not apply.</summary>
/// <param name="Object"><c>namespace/name</c>, or empty.</param>
internal sealed record Refusal(string Object, string Field, string Message);
