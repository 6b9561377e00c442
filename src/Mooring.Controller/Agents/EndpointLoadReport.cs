namespace Mooring.Controller.Agents;

/// <summary>How loaded an endpoint is, as one agent sees it.</summary>
/// <param name="Connections">Flows that the node translated to it.</param>
/// <param name="ResponseTime">Of the node's checks; null when it does not check the endpoint.</param>
internal readonly record struct EndpointLoadReport(int Connections, TimeSpan? ResponseTime);
