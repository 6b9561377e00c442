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
            kubectl -n mooring-system get deploy,ds,sa,pdb,netpol -o name | sort; kubectl get clusterrole,clusterrolebinding -o name | sort
            key() { kubectl -n mooring-system get secret mooring-ca -o jsonpath='key={.data.ca\.key}{"\n"}'; }
            kubectl -n mooring-system patch secret mooring-ca --type=merge -p '{"data": {"ca.key": "Y29udHJvbGxlcg=="} }' && key
            $H upgrade mooring "$CHART" --set controller.replicas=3 --set agent.heartbeatPort=8947 && show
            kubectl -n mooring-system get ds -o yaml | grep -c 8947; key
            $H upgrade mooring "$CHART" --set controller.replicas=99; echo "refused=$?"
            $H rollback mooring 1 && show; kubectl -n mooring-system get ds -o yaml | grep -c 8947
            $H test mooring --timeout 60s >test.log 2>&1 & until kubectl -n mooring-system get pod mooring-test >/dev/null 2>&1; do :; done
            kubectl -n mooring-system patch pod mooring-test --subresource=status --type=merge -p '{"status": {"phase": "Succeeded"} }'
            wait $! && grep Phase test.log
            key; $H status mooring | grep STATUS; $H history mooring -o json | tr ',' '\n' | grep '"revision"'
            $H uninstall mooring; kubectl -n mooring-system delete serviceaccount default >/dev/null 2>&1; kubectl -n mooring-system get deploy,ds,sa,svc,pdb,netpol,role,rolebinding,pod; kubectl -n mooring-system get secret -o name | grep -c mooring-; echo "roles=$(kubectl get clusterrole,clusterrolebinding -o name | grep -c mooring)"; kubectl get crd -o name | sort
            true
            """);

        output.Split('\n').Where(l => l.StartsWith("replicas=", StringComparison.Ordinal)).ShouldBe(["replicas=2", "replicas=3", "replicas=2"], output);
        output.ShouldContain("customresourcedefinition.apiextensions.k8s.io/virtualips.mooring.dev condition met");
        output.ShouldContain("daemonset.apps/mooring-agent");
        output.ShouldContain("deployment.apps/mooring-controller");
        output.ShouldContain("clusterrole.rbac.authorization.k8s.io/mooring");
        output.Split("key=Y29udHJvbGxlcg==").Length.ShouldBe(4, $"what the controller put there outlives upgrade and rollback:\n{output}");
        output.ShouldContain("refused=1");
        output.ShouldContain("poddisruptionbudget.policy/mooring-controller");
        output.ShouldContain("networkpolicy.networking.k8s.io/mooring-controller");
        output.ShouldContain("Phase:          Succeeded");
        output.ShouldContain("Rollback was a success");
        output.ShouldContain("STATUS: deployed");
        output.ShouldContain("release \"mooring\" uninstalled");
        output[output.LastIndexOf("uninstalled", StringComparison.Ordinal)..].ShouldContain("No resources found in mooring-system namespace.", Case.Insensitive, output);
        output.TrimEnd().Split('\n').ShouldContain("0", "no Secret is left");
        output.ShouldContain("roles=0");
        output[output.LastIndexOf("uninstalled", StringComparison.Ordinal)..].ShouldContain("customresourcedefinition.apiextensions.k8s.io/virtualips.mooring.dev");
    }

    [Fact]
    public async Task OwnChart_ValuesThatAreReadAgain_ChangeNoPod()
    {
        var output = await server.RunAsync($$"""
            CHART='{{KubeTools.Repository}}/helm/mooring'; H="helm -n mooring-reload"
            generations() { kubectl -n mooring-reload get deploy,ds -o jsonpath='{range .items[*]}{.kind}={.metadata.generation} {end}{"\n"}'; }
            $H install mooring "$CHART" --create-namespace --set crds.install=false --set controller.replicas=3 >/dev/null && generations
            $H upgrade mooring "$CHART" --reset-then-reuse-values --set logLevel=Debug,controller.maxMoves=20,metrics.otlpEndpoint=http://collector:4317 && generations
            kubectl -n mooring-reload get configmap mooring-controller mooring-agent -o yaml | grep -E 'maxMoves|logLevel|otlpEndpoint'
            kubectl -n mooring-reload get deploy -o jsonpath='replicas={.items[0].spec.replicas}{"\n"}'
            $H upgrade mooring "$CHART" --reset-then-reuse-values --set agent.heartbeatPort=8947 && generations
            $H uninstall mooring
            """);

        output.Split('\n').Where(line => line.StartsWith("Deployment=", StringComparison.Ordinal)).Select(line => line.Trim())
            .ShouldBe(["Deployment=1 DaemonSet=1", "Deployment=1 DaemonSet=1", "Deployment=1 DaemonSet=2"], output);
        output.ShouldContain("maxMoves: 20");
        output.Split("logLevel: Debug").Length.ShouldBe(3, output);
        output.Split("otlpEndpoint: \"http://collector:4317\"").Length.ShouldBe(3, output);
        output.ShouldContain("replicas=3");
    }

    [Theory]
    [InlineData("manifests/install.yaml")]
    [InlineData("<(helm template mooring helm/mooring -n mooring-system --set metrics.dashboard.enabled=true,metrics.otlpEndpoint=http://collector:4317,controller.replicas=3,agent.checkDirectory=/opt/checks,agent.checkSources={10.70.0.0/24},agent.checkSourcePorts=40000-40999)")]
    public async Task OwnManifests_CheckedStrictly_HaveNoUnknownOrInvalidField(string manifests)
    {
        var output = await server.RunAsync($$"""
            cd '{{KubeTools.Repository}}'
            kubectl create namespace mooring-system --dry-run=client -o yaml | kubectl apply -f - >/dev/null
            kubectl apply --dry-run=server --validate=strict -f {{manifests}} && echo "valid"
            """);

        output.ShouldContain("daemonset.apps/mooring-agent created (server dry run)");
        output.ShouldContain("poddisruptionbudget.policy/mooring-controller created (server dry run)");
        output.TrimEnd().ShouldEndWith("valid");
    }

    [Fact]
    public async Task OwnChart_Linted_IsClean() =>
        (await server.RunAsync($"helm lint --strict '{KubeTools.Repository}/helm/mooring'")).ShouldContain("1 chart(s) linted, 0 chart(s) failed");

    [Fact]
    public async Task GeneratedFiles_InRepository_AreWhatTheChartSays() =>
        (await server.RunAsync($"'{KubeTools.Repository}/scripts/generate.sh' --check && echo fresh")).ShouldContain("fresh");
}
