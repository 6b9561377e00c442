using System.Text.Json.Nodes;

namespace Mooring.Sandbox.KubeApi.Access;

/// <summary>Who makes a request.</summary>
internal sealed record UserInfo(string Name, string Uid, IReadOnlyList<string> Groups)
{
    /// <summary>What the authenticator knows beside, such as the pod that a token is bound to.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Extra { get; init; } = [];

    public static readonly UserInfo Admin = new("kubernetes-admin", "", ["system:masters", "system:authenticated"]);

    public static readonly UserInfo Anonymous = new("system:anonymous", "", ["system:unauthenticated"]);

    public JsonObject ToJson()
    {
        var json = new JsonObject { ["username"] = Name, ["groups"] = new JsonArray([.. Groups.Select(g => (JsonNode?)g)]) };
        if (Uid.Length > 0)
        {
            json["uid"] = Uid;
        }

        if (Extra.Count > 0)
        {
            json["extra"] = new JsonObject(Extra.Select(e => KeyValuePair.Create(e.Key, (JsonNode?)new JsonArray(e.Value))));
        }

        return json;
    }
}
