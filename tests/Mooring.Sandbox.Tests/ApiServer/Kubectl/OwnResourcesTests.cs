namespace Mooring.Sandbox.Tests.KubeApi.Kubectl;

/// <summary>The real kubectl with our own kinds, on a server of their own: helm takes over no definition that kubectl made.</summary>
public sealed class OwnResourcesTests(KubectlServer server) : IClassFixture<KubectlServer>
{
    [Fact]
    public async Task OwnResources_KubectlCommands_Work()
    {
        await server.WriteAsync("vip.yaml", """
            apiVersion: mooring.dev/v1alpha1
            kind: VirtualIp
            metadata: {name: web, namespace: own}
            spec:
              addresses: [10.70.0.100]
              ports: [{name: http, port: 80, backendPool: web}]
            """);
        var output = await server.RunAsync($"""
            kubectl apply -f '{KubeTools.Repository}/crds/' >/dev/null && kubectl wait --for=condition=Established crd --all --timeout=20s >/dev/null; kubectl create ns own
            """ + "\n" + """
            K="kubectl -n own"; $K apply --server-side -f vip.yaml; $K apply --server-side -f vip.yaml | grep applied
            sed 's/port: 80/port: 81/' vip.yaml | $K diff --server-side -f - | grep '^[+-] .*port:'
            $K patch vip web --type=json -p '[{"op":"replace","path":"/spec/ports/0/port","value":8080}]'; $K get vip web -o jsonpath='{.spec.ports[0].port}{"\n"}'
            sed 's/port: 80/port: 82/' vip.yaml | $K apply --server-side --field-manager=other -f -
            $K label vip web tier=front; $K annotate vip web mooring.dev/note=x; $K get vip -l tier=front -o wide; $K get vip web -o yaml | grep 'tier: front'
            $K patch vip web --subresource=status --type=merge -p '{"status":{"holder":"node-1","conditions":[{"type":"Ready","status":"True","reason":"Held","message":"m","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}'
            $K wait --for=condition=Ready vip/web --timeout=20s; $K wait --for=jsonpath='{.status.holder}'=node-1 vip/web --timeout=20s
            $K create -o name -f - <<END
            apiVersion: v1
            kind: Event
            metadata: {name: web.1, namespace: own}
            involvedObject: {apiVersion: mooring.dev/v1alpha1, kind: VirtualIp, name: web, namespace: own, uid: $($K get vip web -o jsonpath={.metadata.uid})}
            reason: HolderChanged
            message: from node-2 to node-1
            type: Normal
            source: {component: mooring-controller}
            count: 3
            firstTimestamp: "2026-01-01T00:00:00Z"
            lastTimestamp: "2026-01-01T00:01:00Z"
            END
            $K events --for virtualip/web | grep -c 'from node-2'
            $K describe vip web | grep -E 'Holder|tier|HolderChanged'; $K explain vip.spec.ports.port | grep -A1 FIELD
            echo '--- can-i'; $K auth can-i create virtualips; $K auth can-i --list | head -2; $K auth can-i create pods --as=somebody; kubectl auth whoami -o jsonpath='{.status.userInfo.username}{"\n"}'
            $K delete vip web --wait=true --timeout=20s; $K get vip web
            true
            """);

        output.ShouldContain("virtualip.mooring.dev/web serverside-applied");
        output.ShouldContain("port: 81");
        output.ShouldContain("web patched");
        output.ShouldContain("\n8080\n");
        output.ShouldContain("conflict");
        output.ShouldContain("web labeled");
        output.ShouldContain("web annotated");
        output.ShouldContain("ADDRESS");
        output.ShouldContain("tier: front");
        output.ShouldContain("virtualip.mooring.dev/web condition met");
        output.ShouldContain("Holder:");
        output.ShouldContain("from node-2 to node-1");
        output.ShouldContain("FIELD: port <integer>");
        output.ShouldContain("--- can-i\nyes");
        output.ShouldContain("impersonation");
        output.ShouldContain("kubernetes-admin");
        output.ShouldContain("virtualip.mooring.dev \"web\" deleted");
        output.ShouldContain("NotFound");
    }
}
