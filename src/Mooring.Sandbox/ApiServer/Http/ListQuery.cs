using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Schema;
using Mooring.Sandbox.KubeApi.Selectors;

namespace Mooring.Sandbox.KubeApi.Http;

/// <summary>What a list asks for, checked as upstream checks it.</summary>
internal sealed record ListQuery(LabelSelector Labels, FieldSelector Fields, long Limit, string? Continue, long? Revision, bool Exact)
{
    public bool SelectsEverything => Labels.IsEverything && Fields.IsEverything;

    public static ListQuery Read(ApiRequest request)
    {
        var revision = request.Number("resourceVersion");
        var token = request.Query("continue");
        if (request.Query("sendInitialEvents") is not null)
        {
            throw request.InvalidOption(FieldError.Forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
        }

        if (token is not null && revision is > 0)
        {
            throw ApiError.BadRequest("specifying resource version is not allowed when using continue");
        }

        var match = request.Query("resourceVersionMatch");
        if (match is not null)
        {
            CheckMatch(request, match, revision, token);
        }

        return new ListQuery(
            LabelSelector.Parse(request.Query("labelSelector")),
            FieldSelector.Parse(request.Query("fieldSelector"), request.Type),
            request.Number("limit") ?? 0,
            token,
            revision,
            match == "Exact");
    }

    private static void CheckMatch(ApiRequest request, string match, long? revision, string? token)
    {
        const string Field = "resourceVersionMatch";
        if (match is not ("Exact" or "NotOlderThan"))
        {
            throw request.InvalidOption(FieldError.NotSupported(Field, match, ["Exact", "NotOlderThan", ""]));
        }

        var fault = (revision, token, match) switch
        {
            (null, _, _) => "resourceVersionMatch is forbidden unless resourceVersion is provided",
            (_, not null, _) => "resourceVersionMatch is forbidden when continue is provided",
            (0, _, "Exact") => "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"",
            _ => null,
        };
        if (fault is not null)
        {
            throw request.InvalidOption(FieldError.Forbidden(Field, fault));
        }
    }
}
