using System.Text.Json.Nodes;
using Mooring.Sandbox.Kubelets;

namespace Mooring.Sandbox.Tests.Kubelets;

public sealed class EndpointSlicePlanTests
{
    [Fact]
    public void ForService_NoSelector_LeavesItsSlicesAlone()
    {
        EndpointSlicePlan.ForService(Service("""{"ports":[{"port":80}]}"""), [Pod("web-1", "web", ready: true)])
            .ShouldBeEmpty();
    }

    [Fact]
    public void ForService_Selector_TakesTheMatchingPodsAndTheNamedPort()
    {
        var service = Service("""{"selector":{"app":"web"},"ports":[{"name":"http","port":80,"targetPort":"http"}]}""");

        var slice = EndpointSlicePlan.ForService(
            service, [Pod("web-1", "web", ready: true), Pod("db-1", "db", ready: true), Pod("web-2", "web", ready: false)]).Single().Slice;

        slice["metadata"]!["labels"]!["kubernetes.io/service-name"]!.GetValue<string>().ShouldBe("web");
        slice["ports"]!.ToJsonString().ShouldBe("""[{"name":"http","port":8080,"protocol":"TCP"}]""");
        slice["endpoints"]!.AsArray()
            .Select(endpoint => ((string?)endpoint!["targetRef"]!["name"], (bool)endpoint["conditions"]!["ready"]!))
            .ShouldBe([("web-1", true), ("web-2", false)]);
    }

    [Fact]
    public void ForService_PodBeingDeleted_IsTerminatingAndNotReady()
    {
        var pod = Pod("web-1", "web", ready: true);
        pod["metadata"]!["deletionTimestamp"] = "2026-01-01T00:00:00Z";

        var slice = EndpointSlicePlan.ForService(
            Service("""{"selector":{"app":"web"},"ports":[{"port":80}]}"""), [pod]).Single().Slice;

        slice["endpoints"]![0]!["conditions"]!.ToJsonString()
            .ShouldBe("""{"ready":false,"serving":true,"terminating":true}""");
    }

    [Fact]
    public void ForService_TwoFamilies_MakesASliceOfEach()
    {
        var slices = EndpointSlicePlan.ForService(
            Service("""{"selector":{"app":"web"},"ipFamilies":["IPv4","IPv6"],"ports":[{"port":80}]}"""), [Pod("web-1", "web", ready: true)]);

        slices.Select(slice => (slice.Name, (string?)slice.Slice["addressType"], (string?)slice.Slice["endpoints"]![0]!["addresses"]![0]))
            .ShouldBe([("web-ipv4", "IPv4", "10.71.1.2"), ("web-ipv6", "IPv6", "fd00:71:1::2")]);
    }

    private static JsonObject Service(string spec) => JsonNode.Parse(
        $$"""{"metadata":{"name":"web","namespace":"default","uid":"u"},"spec":{{spec}}}""")!.AsObject();

    private static JsonObject Pod(string name, string app, bool ready)
    {
        var pod = JsonNode.Parse(
            """
            {
              "metadata": {"namespace": "default", "uid": "1", "labels": {}},
              "spec": {"nodeName": "node-1", "containers": [{"ports": [{"name": "http", "containerPort": 8080}]}]},
              "status": {"podIPs": [{"ip": "10.71.1.2"}, {"ip": "fd00:71:1::2"}], "conditions": [{"type": "Ready"}]}
            }
            """)!.AsObject();
        pod["metadata"]!["name"] = name;
        pod["metadata"]!["labels"]!["app"] = app;
        pod["status"]!["conditions"]![0]!["status"] = ready ? "True" : "False";
        return pod;
    }
}
