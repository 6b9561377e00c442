using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Access;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Resources;

namespace Mooring.Sandbox.KubeApi.Http;

/// <summary>Subresources other than status and scale: <c>finalize</c>, <c>eviction</c>, <c>binding</c>, <c>token</c>.</summary>
internal sealed class SubresourceHandler(ObjectService objects, Deletion deletion, ReviewAnswers reviews)
{
    public async Task HandleAsync(ApiRequest request)
    {
        var key = (request.Type.GroupResource, request.Subresource, request.Http.Request.Method);
        switch (key)
        {
            case ("namespaces", "finalize", "PUT"):
                await FinalizeAsync(request);
                break;
            case ("pods", "eviction", "POST"):
                await EvictAsync(request);
                break;
            case ("pods", "binding", "POST"):
                await BindAsync(request);
                break;
            case ("serviceaccounts", "token", "POST"):
                var account = objects.Find(request.Type, request.Namespace, request.Name);
                await ApiResponse.WriteJsonAsync(request.Http, reviews.Issue(account, await WriteHandler.RequiredBodyAsync(request)), 201);
                break;
            default:
                throw ApiError.MethodNotAllowed();
        }
    }

    private async Task FinalizeAsync(ApiRequest request)
    {
        var body = await WriteHandler.RequiredBodyAsync(request);
        while (true)
        {
            var existing = objects.Find(request.Type, "", request.Name);
            if (body.Obj("metadata").Str("resourceVersion") is { Length: > 0 } version && version != existing.Revision.ToString())
            {
                throw ApiError.StaleWrite("", "namespaces", request.Name);
            }

            var value = existing.Read();
            value.Ensure("spec")["finalizers"] = body.Obj("spec").Arr("finalizers")?.DeepClone() ?? new JsonArray();
            if (request.WriteOptions().DryRun)
            {
                await ApiResponse.WriteJsonAsync(request.Http, value);
                return;
            }

            var finished = existing.Deleting && !ObjectMetadata.HasFinalizers(value) && Deletion.MayFinish(value, request.Type);
            var written = finished
                ? await deletion.FinishAsync(existing)
                : await objects.Store.TryPutAsync(existing.Key, existing, value);
            if (written is not null)
            {
                await ApiResponse.WriteJsonAsync(request.Http, written.Read());
                return;
            }
        }
    }

    /// <summary>Deletes the pod; disruption budgets are not kept, and where one selects the pod that is said.</summary>
    private async Task EvictAsync(ApiRequest request)
    {
        var body = await WriteHandler.RequiredBodyAsync(request);
        var pod = objects.Find(request.Type, request.Namespace, request.Name);
        var budgets = objects.Store.Snapshot("poddisruptionbudgets.policy").Objects.Values
            .Where(b => b.Key.Namespace == request.Namespace)
            .Any(b => b.Read().Obj("spec").Obj("selector") is { } selector && Selectors.StructuredSelector.Matches(selector, pod.Labels));
        if (budgets)
        {
            throw ApiError.NotImplemented("eviction of a pod that a PodDisruptionBudget selects");
        }

        await deletion.DeleteAsync(request.Type, request.Namespace, request.Name, DeleteHandler.Parse(body.Obj("deleteOptions"), request));
        await WriteSuccessAsync(request, 201);
    }

    private async Task BindAsync(ApiRequest request)
    {
        var body = await WriteHandler.RequiredBodyAsync(request);
        var node = body.Obj("target").Str("name") ?? throw ApiError.BadRequest("target.name: Required value");
        var existing = objects.Find(request.Type, request.Namespace, request.Name);
        var value = existing.Read();
        if (value.Obj("spec").Str("nodeName") is { Length: > 0 } bound)
        {
            throw ApiError.Conflict("", "pods/binding", request.Name, $"pod {request.Name} is already assigned to node \"{bound}\"");
        }

        if (request.WriteOptions().DryRun)
        {
            await WriteSuccessAsync(request, 201);
            return;
        }

        value.Ensure("spec")["nodeName"] = node;
        _ = await objects.Store.TryPutAsync(existing.Key, existing, value) ?? throw ApiError.StaleWrite("", "pods", request.Name);
        await WriteSuccessAsync(request, 201);
    }

    private static Task WriteSuccessAsync(ApiRequest request, int code) => ApiResponse.WriteJsonAsync(request.Http, new JsonObject
    {
        ["kind"] = "Status",
        ["apiVersion"] = "v1",
        ["metadata"] = new JsonObject(),
        ["status"] = "Success",
        ["code"] = code,
    }, code);
}
