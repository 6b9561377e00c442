using System.Text.Json.Nodes;

namespace Mooring.Sandbox.KubeApi.Resources;

/// <summary>Turns a served version into the stored form and back, in place or as a new object.</summary>
internal interface IObjectConversion
{
    JsonObject ToStored(JsonObject served);

    JsonObject ToServed(JsonObject stored);
}
