using Microsoft.AspNetCore.Http;
using Mooring.Sandbox.KubeApi.Access;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Resources;

namespace Mooring.Sandbox.KubeApi.Http;

/// <summary>Sends a request for a resource to the handler of its verb.</summary>
internal sealed class ResourceRequests(
    ResourceRegistry registry,
    ReadHandler reads,
    WatchHandler watches,
    WriteHandler writes,
    DeleteHandler deletes,
    ScaleHandler scales,
    SubresourceHandler subresources,
    ReviewAnswers reviews)
{
    public async Task HandleAsync(HttpContext http, UserInfo user, string[] segments)
    {
        if (segments is ["api", _, "watch", ..] or ["apis", _, _, "watch", ..])
        {
            throw ApiError.NotImplemented("the deprecated watch path prefix (use ?watch=true)");
        }

        var path = ResourcePath.Parse(segments) ?? throw ApiError.UnknownPath();
        var type = registry.Find(path.Group, path.Version, path.Resource) ?? throw Unserved(path, http.Request.Method);
        if (path.Namespace.Length > 0 && !type.Namespaced)
        {
            throw ApiError.UnknownPath();
        }

        var request = new ApiRequest(http, user, type, path.Namespace, path.Name, path.Subresource)
        {
            Accept = Negotiation.Choose(http.Request.Headers.Accept),
        };
        if (type.Custom?.DeprecationWarning is { } deprecated)
        {
            request.Warnings.Add(deprecated);
        }

        if (!type.IsStored)
        {
            await ReviewAsync(request);
        }
        else if (request.Subresource.Length > 0 && request.Subresource != "status")
        {
            await SubresourceAsync(request);
        }
        else if (request.Name.Length == 0)
        {
            await CollectionAsync(request);
        }
        else
        {
            await ObjectAsync(request);
        }
    }

    private Task CollectionAsync(ApiRequest request)
    {
        switch (request.Http.Request.Method)
        {
            case "GET" or "HEAD":
                return request.Flag("watch") ? watches.WatchAsync(request) : reads.ListAsync(request);
            case "POST":
                RequireNamespace(request);
                return writes.CreateAsync(request);
            case "DELETE":
                RequireNamespace(request);
                return deletes.DeleteCollectionAsync(request);
            default:
                throw ApiError.MethodNotAllowed();
        }
    }

    private Task ObjectAsync(ApiRequest request)
    {
        var status = request.Subresource == "status";
        if (status && !request.Type.HasStatus)
        {
            throw ApiError.UnknownPath();
        }

        RequireNamespace(request);
        return request.Http.Request.Method switch
        {
            "GET" or "HEAD" when request.Flag("watch") => watches.WatchAsync(request),
            "GET" or "HEAD" => reads.GetAsync(request),
            "PUT" => writes.UpdateAsync(request),
            "PATCH" => writes.PatchAsync(request),
            "DELETE" when !status => deletes.DeleteAsync(request),
            _ => throw ApiError.MethodNotAllowed(),
        };
    }

    private Task SubresourceAsync(ApiRequest request)
    {
        RequireNamespace(request);
        if (request.Subresource == "scale" && request.Type.Scale is not null)
        {
            return scales.HandleAsync(request);
        }

        if (request.Type.OtherSubresources.Contains(request.Subresource))
        {
            return subresources.HandleAsync(request);
        }

        // What a real server has here and this one has not is named; anything else does not exist there either.
        throw (request.Type.GroupResource, request.Subresource) switch
        {
            ("pods", "log" or "exec" or "attach" or "portforward" or "proxy" or "ephemeralcontainers" or "resize") or ("services" or "nodes", "proxy") =>
                ApiError.NotImplemented($"the {request.Subresource} subresource of {request.Type.Plural}"),
            _ => ApiError.UnknownPath(),
        };
    }

    private async Task ReviewAsync(ApiRequest request)
    {
        if (request.Http.Request.Method != "POST" || request.Name.Length > 0)
        {
            throw ApiError.MethodNotAllowed();
        }

        RequireNamespace(request);
        var review = await WriteHandler.RequiredBodyAsync(request);
        ObjectNamespaces.Set(review.Ensure("metadata"), request.Type, request.Namespace);
        await reads.WriteObjectAsync(request, reviews.Answer(request.Type, review, request.Namespace, request.User), 201);
    }

    private static ApiException Unserved(ResourcePath path, string method) =>
        UnservedResources.Find(path.Group, path.Resource, read: method is "GET" or "HEAD") is { } name
            ? ApiError.NotImplemented(name)
            : ApiError.UnknownPath();

    private static void RequireNamespace(ApiRequest request)
    {
        if (request.Type.Namespaced && request.Namespace.Length == 0)
        {
            throw ApiError.MethodNotAllowed();
        }
    }
}
