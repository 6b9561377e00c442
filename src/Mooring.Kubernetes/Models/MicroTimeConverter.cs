using System.Text.Json;
using System.Text.Json.Serialization;

namespace k8s.Models;

/// <summary>apimachinery's MicroTime: Lease times and an Event's eventTime. For use on a property.</summary>
public sealed class MicroTimeConverter : JsonConverter<DateTime>
{
    public override DateTime Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Rfc3339.Read(ref reader);

    public override void Write(Utf8JsonWriter writer, DateTime value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Rfc3339.WriteMicro(value));
}
