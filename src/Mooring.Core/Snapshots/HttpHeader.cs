namespace Mooring.Core.Snapshots;

/// <summary>A header of a request.</summary>
public readonly record struct HttpHeader(string Name, string Value);
