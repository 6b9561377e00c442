namespace Mooring.Benchmarks.Kube;

/// <summary>One round of one side.</summary>
/// <param name="ListSeconds">From the first request to the whole list in memory.</param>
/// <param name="WatchSeconds">From the go to the last change worked on.</param>
/// <param name="BytesHeld">Managed memory that the cache keeps.</param>
internal sealed record Measurement(double ListSeconds, double WatchSeconds, long BytesHeld);
