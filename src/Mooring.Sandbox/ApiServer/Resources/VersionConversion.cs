using System.Text.Json.Nodes;

namespace Mooring.Sandbox.KubeApi.Resources;

/// <summary>A CRD's conversion strategy <c>None</c>: only <c>apiVersion</c> differs between versions.</summary>
internal sealed class VersionConversion(string served, string stored) : IObjectConversion
{
    public JsonObject ToStored(JsonObject value) => Stamp(value, stored);

    public JsonObject ToServed(JsonObject value) => Stamp(value, served);

    private static JsonObject Stamp(JsonObject value, string apiVersion)
    {
        value["apiVersion"] = apiVersion;
        return value;
    }
}
