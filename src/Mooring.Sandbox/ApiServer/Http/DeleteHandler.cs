using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Schema;
using Mooring.Sandbox.KubeApi.Selectors;

namespace Mooring.Sandbox.KubeApi.Http;

/// <summary>delete and deletecollection.</summary>
internal sealed class DeleteHandler(ObjectService objects, Deletion deletion, ReadHandler reads)
{
    public async Task DeleteAsync(ApiRequest request)
    {
        var options = await OptionsAsync(request);
        var outcome = await deletion.DeleteAsync(request.Type, request.Namespace, request.Name, options);
        if (!outcome.Gone || request.Type.ReturnsDeleted)
        {
            // Upstream says so only to clients that speak the older of the two spellings.
            await reads.WriteObjectAsync(request, outcome.Object, !outcome.Gone && options.AcceptedWhilePending ? 202 : 200);
            return;
        }

        await ApiResponse.WriteJsonAsync(request.Http, new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Success",
            ["details"] = new JsonObject
            {
                ["name"] = request.Name,
                ["group"] = request.Type.Group,
                ["kind"] = request.Type.Plural,
                ["uid"] = outcome.Object.Obj("metadata").Str("uid"),
            },
        });
    }

    public async Task DeleteCollectionAsync(ApiRequest request)
    {
        var options = await OptionsAsync(request);
        var labels = LabelSelector.Parse(request.Query("labelSelector"));
        var fields = FieldSelector.Parse(request.Query("fieldSelector"), request.Type);
        var deleted = new JsonArray();
        foreach (var stored in objects.Store.Snapshot(request.Type.StorageResource).Objects.Values)
        {
            if (stored.Key.Namespace != request.Namespace || !labels.Matches(stored.Labels) || !fields.Matches(stored))
            {
                continue;
            }

            try
            {
                var outcome = await deletion.DeleteAsync(request.Type, stored.Key.Namespace, stored.Key.Name, options);
                deleted.Add(outcome.Object);
            }
            catch (ApiException e) when (e.Code == 404)
            {
                // Somebody else deleted it first.
            }
        }

        await ApiResponse.WriteJsonAsync(request.Http, new JsonObject
        {
            ["kind"] = request.Type.ListKind,
            ["apiVersion"] = request.Type.GroupVersion,
            ["metadata"] = new JsonObject { ["resourceVersion"] = objects.Store.Revision.ToString() },
            ["items"] = deleted,
        });
    }

    /// <summary>Options come in the body or as parameters.</summary>
    public static async Task<DeleteOptions> OptionsAsync(ApiRequest request)
    {
        var body = await RequestBody.ReadObjectAsync(request.Http.Request, null, request.Aborted);
        return Parse(body, request);
    }

    public static DeleteOptions Parse(JsonObject? body, ApiRequest request)
    {
        var policy = body.Str("propagationPolicy") ?? request.Query("propagationPolicy");
        var orphan = body.Bool("orphanDependents") ?? (request.Query("orphanDependents") is null ? null : request.Flag("orphanDependents"));
        var grace = body.Int("gracePeriodSeconds") ?? request.Number("gracePeriodSeconds");
        if (policy is not null && orphan is not null)
        {
            throw request.InvalidOption(FieldError.Invalid("propagationPolicy", policy, "orphanDependents and deletionPropagation cannot be both set"));
        }

        return new DeleteOptions
        {
            Propagation = policy switch
            {
                null => orphan is true ? PropagationPolicy.Orphan : null,
                "Background" => PropagationPolicy.Background,
                "Foreground" => PropagationPolicy.Foreground,
                "Orphan" => PropagationPolicy.Orphan,
                _ => throw request.InvalidOption(FieldError.NotSupported("propagationPolicy", policy, ["Foreground", "Background", "Orphan"])),
            },
            // As upstream: a negative period is the shortest that is still graceful.
            GracePeriodSeconds = grace < 0 ? 1 : grace,
            AcceptedWhilePending = orphan is false,
            PreconditionUid = body.Obj("preconditions").Str("uid"),
            PreconditionResourceVersion = body.Obj("preconditions").Str("resourceVersion"),
            DryRun = request.DryRun(request.Query("dryRun") ?? body.Arr("dryRun")?.FirstOrDefault().AsString()),
        };
    }
}
