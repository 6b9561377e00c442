namespace Mooring.Sandbox.Tests.KubeApi.Kubectl;

/// <summary>The real helm with our own chart.</summary>
public sealed class OwnChartTests(KubectlServer server) : IClassFixture<KubectlServer>
{
    [Fact]
    public async Task OwnChart_InstallUpgradeRollbackUninstall_LeavesTheDefinitions()
    {
        var output = await server.RunAsync($$"""
            CHART='{{KubeTools.Repository}}/helm/mooring'; H="helm -n mooring-system"
            show() { kubectl -n mooring-system get deploy -o jsonpath='replicas={.items[0].spec.replicas}{"\n"}'; }
            $H install mooring "$CHART" --create-namespace && show
            kubectl wait --for=condition=Established crd/virtualips.mooring.dev crd/backendpools.mooring.dev crd/addresspools.mooring.dev --timeout=20s
            kubectl -n mooring-system get deploy,ds,sa -o name | sort; kubectl get clusterrole,clusterrolebinding -o name | sort
            key() { kubectl -n mooring-system get secret mooring-ca -o jsonpath='key={.data.ca\.key}{"\n"}'; }
            kubectl -n mooring-system patch secret mooring-ca --type=merge -p '{"data": {"ca.key": "Y29udHJvbGxlcg=="} }' && key
            $H upgrade mooring "$CHART" --set controller.replicas=3 --set agent.heartbeatPort=8947 && show
            kubectl -n mooring-system get ds -o yaml | grep -c 8947; key
            $H upgrade mooring "$CHART" --set controller.replicas=99; echo "refused=$?"
            $H rollback mooring 1 && show; kubectl -n mooring-system get ds -o yaml | grep -c 8947
            key; $H status mooring | grep STATUS; $H history mooring -o json | tr ',' '\n' | grep '"revision"'
            $H uninstall mooring; kubectl -n mooring-system get deploy,ds; kubectl -n mooring-system get secret -o name | grep -c mooring-; kubectl get crd -o name | sort
            true
            """);

        output.Split('\n').Where(l => l.StartsWith("replicas=", StringComparison.Ordinal)).ShouldBe(["replicas=2", "replicas=3", "replicas=2"], output);
        output.ShouldContain("customresourcedefinition.apiextensions.k8s.io/virtualips.mooring.dev condition met");
        output.ShouldContain("daemonset.apps/mooring-agent");
        output.ShouldContain("deployment.apps/mooring-controller");
        output.ShouldContain("clusterrole.rbac.authorization.k8s.io/mooring");
        output.Split("key=Y29udHJvbGxlcg==").Length.ShouldBe(4, $"what the controller put there outlives upgrade and rollback:\n{output}");
        output.ShouldContain("refused=1");
        output.ShouldContain("Rollback was a success");
        output.ShouldContain("STATUS: deployed");
        output.ShouldContain("release \"mooring\" uninstalled");
        output.ShouldContain("No resources found in mooring-system namespace.");
        output.TrimEnd().Split('\n').ShouldContain("0", "no Secret is left");
        output[output.LastIndexOf("uninstalled", StringComparison.Ordinal)..].ShouldContain("customresourcedefinition.apiextensions.k8s.io/virtualips.mooring.dev");
    }
}
