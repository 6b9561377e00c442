using System.Text.Json.Nodes;

namespace Mooring.Sandbox.KubeApi.Resources;

/// <summary>
/// Events are stored once, in the core form; <c>events.k8s.io/v1</c> is another spelling of the same objects.
/// </summary>
internal sealed class EventConversion : IObjectConversion
{
    private static readonly (string Served, string Stored)[] Fields =
    [
        ("note", "message"),
        ("regarding", "involvedObject"),
        ("reportingController", "reportingComponent"),
        ("deprecatedSource", "source"),
        ("deprecatedFirstTimestamp", "firstTimestamp"),
        ("deprecatedLastTimestamp", "lastTimestamp"),
        ("deprecatedCount", "count"),
    ];

    public JsonObject ToStored(JsonObject served)
    {
        foreach (var (from, to) in Fields)
        {
            Move(served, from, to);
        }

        served["apiVersion"] = "v1";
        return served;
    }

    public JsonObject ToServed(JsonObject stored)
    {
        foreach (var (to, from) in Fields)
        {
            Move(stored, from, to);
        }

        stored["apiVersion"] = "events.k8s.io/v1";
        return stored;
    }

    private static void Move(JsonObject value, string from, string to)
    {
        if (value.Remove(from, out var moved))
        {
            value[to] = moved;
        }
    }
}
