namespace Mooring.Kubernetes.Tests.Fakes;

/// <summary>How a server takes <c>sendInitialEvents</c>.</summary>
internal enum ListStreaming
{
    /// <summary>With 422, as where the feature is off.</summary>
    Refused,

    /// <summary>As a parameter it does not know: the objects come, but no bookmark that ends them.</summary>
    Ignored,
    Served,
}
