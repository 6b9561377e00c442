using System.Text.Json.Nodes;
using Mooring.Conformance.Tests.Cluster;

namespace Mooring.Conformance.Tests.Server.Writes;

public sealed class UpdateTests(ConformanceCluster cluster) : ConformanceTest(cluster)
{
    [Fact]
    public async Task Update_CurrentVersion_ChangesObjectAndVersion()
    {
        var made = await MakeMapAsync();
        var next = made.Json;
        next["data"]!["k"] = "2";

        var updated = (await Api.PutAsync(Map(Name()), next.ToJsonString())).Ok(200);

        updated.Json.Text("data.k").ShouldBe("2");
        updated.Uid.ShouldBe(made.Uid);
        long.Parse(updated.Version).ShouldBeGreaterThan(long.Parse(made.Version));
    }

    [Fact]
    public async Task Update_StaleVersion_IsAConflict()
    {
        var stale = (await MakeMapAsync()).Json;
        (await Api.MergeAsync(Map(Name()), """{"data":{"k":"2"}}""")).Ok();

        var refused = (await Api.PutAsync(Map(Name()), stale.ToJsonString())).Refused(409, "Conflict");

        refused.Json.Text("details.name").ShouldBe(Name());
    }

    [Fact]
    public async Task Update_WithoutAVersion_IsUnconditionalForAConfigMap()
    {
        await MakeMapAsync();

        (await Api.PutAsync(Map(Name()), MapJson(Name(), "\"other\":\"1\""))).Ok(200);

        (await Api.GetAsync(Map(Name())))["data"]!.AsObject().Select(d => d.Key).ShouldBe(["other"]);
    }

    [Fact]
    public async Task Update_LeaseWithoutAVersion_IsRefused()
    {
        var leases = $"apis/coordination.k8s.io/v1/namespaces/{Namespace}/leases";
        var body = $$$"""{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"{{{Name()}}}"},"spec":{"holderIdentity":"a"}}""";
        (await Api.PostAsync(leases, body)).Ok(201);

        (await Api.PutAsync($"{leases}/{Name()}", body)).Refused(422, "Invalid", "metadata.resourceVersion");
    }

    [Fact]
    public async Task Update_LeaseThatIsNotThere_IsCreatedUnlessAnotherIsMeant()
    {
        var lease = $"apis/coordination.k8s.io/v1/namespaces/{Namespace}/leases/{Name()}";
        string Body(string uid) => $$$"""
            {"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"{{{Name()}}}"{{{uid}}}},"spec":{"holderIdentity":"a"}}
            """;

        (await Api.PutAsync(lease, Body($",\"uid\":\"{RandomUid()}\""))).Refused(409, "Conflict");
        (await Api.PutAsync(lease, Body(""))).Ok(201).Uid.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Update_MissingObject_IsNotFound() => (await Api.PutAsync(Map(Name()), MapJson(Name()))).Refused(404, "NotFound");

    [Fact]
    public async Task Update_UidOfAnother_IsAConflict()
    {
        await MakeMapAsync();

        (await Api.PutAsync(Map(Name()), MapJson(Name(), metadata: $"\"uid\":\"{RandomUid()}\""))).Refused(409, "Conflict");
    }

    [Fact]
    public async Task Update_NameOtherThanThePaths_IsABadRequest()
    {
        await MakeMapAsync();

        (await Api.PutAsync(Map(Name()), MapJson(Name("other")))).Refused(400, "BadRequest");
    }

    [Fact]
    public async Task Update_ThatChangesNothing_KeepsTheVersion()
    {
        var made = await MakeMapAsync();

        (await Api.PutAsync(Map(Name()), made.Text)).Ok(200).Version.ShouldBe(made.Version);
    }

    [Fact]
    public async Task Update_CreationTimestamp_DoesNotChange()
    {
        var made = await MakeMapAsync();
        var next = made.Json;
        next["metadata"]!["creationTimestamp"] = "2001-01-01T00:00:00Z";
        next["data"]!["k"] = "2";

        var updated = await Api.PutAsync(Map(Name()), next.ToJsonString());

        // Kinds differ in whether they refuse or ignore it; none takes it.
        if (updated.Code == 200)
        {
            updated.Json.Text("metadata.creationTimestamp").ShouldBe(made.Json.Text("metadata.creationTimestamp"));
        }
        else
        {
            updated.Refused(422, "Invalid");
        }
    }

    [Fact]
    public async Task Update_FieldLeftOut_IsRemoved()
    {
        await MakeMapAsync(data: "\"a\":\"1\",\"b\":\"2\"");

        (await Api.PutAsync(Map(Name()), MapJson(Name(), "\"a\":\"1\""))).Ok();

        (await Api.GetAsync(Map(Name()))).Json.Has("data", "b").ShouldBeFalse();
    }

    [Fact]
    public async Task Update_WritersInARace_LoseNothing()
    {
        await MakeMapAsync(data: "\"n\":\"0\"");

        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            for (var done = 0; done < 5;)
            {
                var value = (await Api.GetAsync(Map(Name()))).Json;
                value["data"]!["n"] = (int.Parse((string)value["data"]!["n"]!) + 1).ToString();
                var written = await Api.PutAsync(Map(Name()), value.ToJsonString());
                done += written.Code == 409 ? 0 : 1;
                if (written.Code != 409)
                {
                    written.Ok(200);
                }
            }
        }));

        (await Api.GetAsync(Map(Name()))).Json.Text("data.n").ShouldBe("20");
    }

    [Fact]
    public async Task Update_ImmutableConfigMap_IsRefused()
    {
        var made = (await Api.PostAsync(Maps, $$$"""
            {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{Name()}}}"},"immutable":true,"data":{"k":"v"}}
            """)).Ok(201);

        (await Api.MergeAsync(Map(Name()), """{"data":{"k":"2"}}""")).Refused(422, "Invalid", "data");
        (await Api.MergeAsync(Map(Name()), """{"immutable":null}""")).Refused(422, "Invalid", "immutable");
        (await Api.MergeAsync(Map(Name()), """{"metadata":{"labels":{"a":"b"}}}""")).Ok(200).Uid.ShouldBe(made.Uid);
    }

    [Fact]
    public async Task Update_LabelsAndAnnotations_AreChecked()
    {
        await MakeMapAsync();

        (await Api.MergeAsync(Map(Name()), """{"metadata":{"labels":{"a":"not valid"}}}""")).Refused(422, "Invalid", "metadata.labels");
        (await Api.MergeAsync(Map(Name()), """{"metadata":{"labels":{"-a-":"b"}}}""")).Refused(422, "Invalid", "metadata.labels");
        (await Api.MergeAsync(Map(Name()), $$$"""{"metadata":{"annotations":{"a":"{{{new string('x', 300_000)}}}"}} }""")).Refused(422, "Invalid", "metadata.annotations");
    }

    [Fact]
    public async Task Update_OwnerReferenceWithoutUid_IsInvalid()
    {
        await MakeMapAsync();

        (await Api.MergeAsync(Map(Name()), """{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"x","uid":""}]}}"""))
            .Refused(422, "Invalid", "metadata.ownerReferences.uid");
    }

    [Fact]
    public async Task Update_WholeCollection_IsNotAllowed() =>
        (await Api.PutAsync(Maps, new JsonObject().ToJsonString())).Code.ShouldBe(405);
}
