using System.Text;
using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Resources;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Protobuf;

/// <summary>
/// Reads <c>application/vnd.kubernetes.protobuf</c> bodies: four magic bytes and a <c>runtime.Unknown</c> around the message.
/// client-go's typed clients (<c>kubectl create configmap</c>, <c>kubectl auth can-i</c>, helm's release secrets) write
/// nothing else. Answers are JSON, which the same clients accept.
/// </summary>
internal static class ProtobufBody
{
    public const string ContentType = "application/vnd.kubernetes.protobuf";

    private static readonly Dictionary<(string ApiVersion, string Kind), string> OtherKinds = new()
    {
        [("policy/v1", "Eviction")] = "io.k8s.api.policy.v1.Eviction",
        [("autoscaling/v1", "Scale")] = "io.k8s.api.autoscaling.v1.Scale",
        [("authentication.k8s.io/v1", "TokenRequest")] = "io.k8s.api.authentication.v1.TokenRequest",
        [("v1", "Binding")] = "io.k8s.api.core.v1.Binding",
    };

    private static ReadOnlySpan<byte> Magic => "k8s\0"u8;

    public static JsonObject Parse(ReadOnlySpan<byte> body)
    {
        if (!body.StartsWith(Magic))
        {
            throw WireReader.Malformed();
        }

        // runtime.Unknown: 1 typeMeta {1 apiVersion, 2 kind}, 2 raw, 3 contentEncoding, 4 contentType.
        var (apiVersion, kind) = ("", "");
        ReadOnlySpan<byte> raw = default;
        var envelope = new WireReader(body[Magic.Length..]);
        while (envelope.Read())
        {
            if (envelope.Number == 1)
            {
                (apiVersion, kind) = ReadTypeMeta(envelope.Bytes);
            }
            else if (envelope.Number == 2)
            {
                raw = envelope.Bytes;
            }
        }

        var value = MessageReader.Read(raw, SchemaOf(apiVersion, kind));
        value["apiVersion"] = apiVersion;
        value["kind"] = kind;
        return value;
    }

    private static (string ApiVersion, string Kind) ReadTypeMeta(ReadOnlySpan<byte> message)
    {
        var (apiVersion, kind) = ("", "");
        var reader = new WireReader(message);
        while (reader.Read())
        {
            switch (reader.Number)
            {
                case 1:
                    apiVersion = Encoding.UTF8.GetString(reader.Bytes);
                    break;
                case 2:
                    kind = Encoding.UTF8.GetString(reader.Bytes);
                    break;
            }
        }

        return (apiVersion, kind);
    }

    private static ObjectSchema SchemaOf(string apiVersion, string kind)
    {
        if (kind == "DeleteOptions")
        {
            // Every group has the same one.
            return BuiltinSchemas.Instance["io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions"];
        }

        if (OtherKinds.TryGetValue((apiVersion, kind), out var name))
        {
            return BuiltinSchemas.Instance[name];
        }

        var schema = BuiltinResources.All.FirstOrDefault(t => t.GroupVersion == apiVersion && t.Kind == kind)?.Schema;
        return schema is { FieldNumbers.Count: > 0 }
            ? schema
            : throw ApiError.NotImplemented($"protobuf bodies of {apiVersion} {kind} (send JSON)");
    }
}
