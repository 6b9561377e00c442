using System.Text.Json.Nodes;
using Mooring.Conformance.Tests.Cluster;

namespace Mooring.Conformance.Tests.Server.Writes;

public sealed class DryRunTests(ConformanceCluster cluster) : ConformanceTest(cluster)
{
    private const string DryRun = "?dryRun=All";

    [Fact]
    public async Task Create_DryRun_AnswersAndStoresNothing()
    {
        var made = (await Api.PostAsync(Maps + DryRun, MapJson(Name()))).Ok(201);

        made.Uid.ShouldNotBeEmpty();
        (await Api.GetAsync(Map(Name()))).Code.ShouldBe(404);
    }

    [Fact]
    public async Task Create_DryRunOfAnExistingName_IsAlreadyExists()
    {
        await MakeMapAsync();

        (await Api.PostAsync(Maps + DryRun, MapJson(Name()))).Refused(409, "AlreadyExists");
    }

    [Fact]
    public async Task Create_DryRunOfAnInvalidObject_IsInvalid() =>
        (await Api.PostAsync(Maps + DryRun, MapJson("Not-Valid"))).Refused(422, "Invalid", "metadata.name");

    [Fact]
    public async Task Update_DryRun_AnswersTheNewAndKeepsTheOld()
    {
        var made = await MakeMapAsync();

        (await Api.PutAsync(Map(Name()) + DryRun, MapJson(Name(), "\"k\":\"2\""))).Ok(200).Json.Text("data.k").ShouldBe("2");

        (await Api.GetAsync(Map(Name()))).Version.ShouldBe(made.Version);
    }

    [Fact]
    public async Task Patch_DryRun_AnswersTheNewAndKeepsTheOld()
    {
        var made = await MakeMapAsync();

        (await Api.MergeAsync(Map(Name()) + DryRun, """{"data":{"k":"2"}}""")).Ok(200).Json.Text("data.k").ShouldBe("2");

        (await Api.GetAsync(Map(Name()))).Version.ShouldBe(made.Version);
    }

    [Fact]
    public async Task Apply_DryRun_AnswersTheNewAndStoresNothing()
    {
        (await Api.ApplyAsync(Map(Name()), "one", MapJson(Name()), query: "&dryRun=All")).Ok(201).Json.Text("data.k").ShouldBe("v");

        (await Api.GetAsync(Map(Name()))).Code.ShouldBe(404);
    }

    [Fact]
    public async Task Delete_DryRun_KeepsTheObject()
    {
        var made = await MakeMapAsync();

        (await Api.DeleteAsync(Map(Name()) + DryRun)).Ok(200);

        (await Api.GetAsync(Map(Name()))).Version.ShouldBe(made.Version);
    }

    [Fact]
    public async Task DeleteCollection_DryRun_KeepsTheObjects()
    {
        await MakeMapAsync();

        (await Api.DeleteAsync($"{Maps}{DryRun}&{Selected}")).Ok(200);

        (await Api.GetAsync($"{Maps}?{Selected}")).Items.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Finalize_DryRun_KeepsTheFinalizers()
    {
        var path = $"api/v1/namespaces/{Namespace}";
        var value = (await Api.GetAsync(path)).Ok(200).Json;
        value["spec"] = new JsonObject { ["finalizers"] = new JsonArray() };

        (await Api.PutAsync($"{path}/finalize{DryRun}", value.ToJsonString())).Ok(200);

        (await Api.GetAsync(path))["spec.finalizers"]!.AsArray().Count.ShouldBe(1);
    }

    [Fact]
    public async Task Create_UnknownDryRunValue_IsInvalid() =>
        (await Api.PostAsync(Maps + "?dryRun=Some", MapJson(Name()))).Refused(422, "Invalid", "dryRun");
}
