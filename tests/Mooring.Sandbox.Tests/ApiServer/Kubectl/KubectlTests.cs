namespace Mooring.Sandbox.Tests.KubeApi.Kubectl;

/// <summary>The real kubectl against the server. Invocations are batched: each costs a process and a discovery.</summary>
public sealed class KubectlTests(KubectlServer server) : IClassFixture<KubectlServer>
{
    private const string Gadget = """
        apiVersion: test.mooring.dev/v1
        kind: Gadget
        metadata: {name: NAME, labels: {app: demo}}
        spec: {size: S, ports: [{name: a, port: 80, protocol: TCP}]}
        """;

    [Fact]
    public async Task CustomResource_WholeLife_WorksWithKubectl()
    {
        await server.WriteAsync("one.yaml", Gadget.Replace("NAME", "one"));
        var output = await server.RunAsync("""
            kubectl apply -f crd.yaml && kubectl wait --for=condition=Established crd/gadgets.test.mooring.dev --timeout=20s
            kubectl create ns life; kubectl config set-context --current --namespace=life >/dev/null
            kubectl apply -f one.yaml && kubectl apply -f one.yaml
            echo '--- get'; kubectl get gd; kubectl get gadgets one -o jsonpath='{.spec.replicas}{"\n"}'; kubectl get gd one -o yaml | grep '^    protocol'
            echo '--- invalid'; sed 's/port: 80/port: 70000/' one.yaml | kubectl apply -f - ; sed 's/size: S/size: S, sise: M/' one.yaml | kubectl apply -f -
            echo '--- diff'; sed 's/size: S/size: M/' one.yaml | kubectl diff -f - | grep '^[+-] .*size'
            echo '--- change'; kubectl label gd one tier=x; kubectl annotate gd one note=y; kubectl scale gd one --replicas=3; kubectl patch gd one --type=merge -p '{"spec":{"color":"red"}}'
            KUBE_EDITOR='sed -i s/red/green/' kubectl edit gd one; kubectl get gd one -o jsonpath='{.spec.color} {.metadata.generation}{"\n"}'
            echo '--- describe'; kubectl describe gd one | grep -E 'Color|Tier|tier'
            echo '--- ssa'; kubectl apply --server-side --field-manager=ssa -f one.yaml; sed 's/size: S/size: L/' one.yaml | kubectl apply --server-side --field-manager=other -f - ; sed 's/size: S/size: L/' one.yaml | kubectl apply --server-side --field-manager=other --force-conflicts -f -
            echo '--- explain'; kubectl explain gd.spec.ports | grep -A1 'port	'; kubectl explain gd | grep -A3 DESCRIPTION
            echo '--- delete'; kubectl delete gd one; kubectl get gd
            true
            """);

        output.ShouldContain("gadget.test.mooring.dev/one created\ngadget.test.mooring.dev/one unchanged");
        output.ShouldContain("NAME   SIZE   READY   AGE");
        output.ShouldContain("\n1\n    protocol: TCP");
        output.ShouldContain("The Gadget \"one\" is invalid: spec.ports[0].port: Invalid value: 70000: spec.ports[0].port in body should be less than or equal to 65535");
        output.ShouldContain("strict decoding error: unknown field \"spec.sise\"");
        output.ShouldContain("-  size: S\n+  size: M");
        output.ShouldContain("one labeled");
        output.ShouldContain("one annotated");
        output.ShouldContain("one scaled");
        output.ShouldContain("one patched");
        output.ShouldContain("green 4");
        output.ShouldContain("tier=x");
        output.ShouldContain("conflict with");
        output.ShouldContain("gadget.test.mooring.dev/one serverside-applied");
        output.ShouldContain("port\t<integer> -required-\n    The port it listens on.");
        output.ShouldContain("A gadget for tests.");
        output.ShouldContain("gadget.test.mooring.dev \"one\" deleted");
        output.ShouldContain("No resources found in life namespace.");
    }

    [Fact]
    public async Task Builtins_CommonCommands_Work()
    {
        var output = await server.RunAsync("""
            kubectl create ns core; alias k=kubectl; K="kubectl -n core"
            echo '--- create'; $K create cm c --from-literal=a=b; $K create secret generic s --from-literal=p=q; $K create sa bot; $K create deployment web --image=nginx --port=80 --replicas=2; $K expose deployment web --port=80
            $K create role r --verb=get --resource=pods; $K create rolebinding rb --role=r --serviceaccount=core:bot; $K create job j --image=b -- run; $K create token bot | cut -c1-3
            echo '--- edit'; $K scale deploy/web --replicas=4; $K set image deploy/web nginx=nginx:2; $K patch deploy web -p '{"spec":{"template":{"spec":{"containers":[{"name":"nginx","env":[{"name":"A","value":"B"}]}]}}}}'
            $K patch deploy web --type=json -p '[{"op":"replace","path":"/spec/paused","value":true}]'; $K patch deploy web --type=json -p '[{"op":"add","path":"/spec/paused","value":true}]'
            echo '--- get'; $K get deploy,svc -o wide; $K get secret s -o jsonpath='{.data.p}{"\n"}'; $K describe deploy web | grep -E 'Replicas|A: '; $K get all | head -3
            echo '--- can-i'; kubectl auth can-i create pods; kubectl auth whoami | grep Username; kubectl version | grep Server
            echo '--- explain'; kubectl explain pod.spec.containers.ports.containerPort | grep FIELD; kubectl api-resources --api-group=apps -o name
            echo '--- delete'; $K delete deploy web --cascade=foreground --timeout=20s; $K delete cm,secret,job --all --timeout=20s; kubectl delete ns core --timeout=20s; kubectl get ns core
            true
            """);

        foreach (var created in (string[])["configmap/c", "secret/s", "serviceaccount/bot", "deployment.apps/web", "role.rbac.authorization.k8s.io/r", "job.batch/j"])
        {
            output.ShouldContain($"{created} created");
        }

        output.ShouldContain("service/web exposed");
        output.ShouldContain("eyJ");
        output.ShouldContain("web scaled");
        output.ShouldContain("web image updated");
        output.ShouldContain("nginx:2");
        output.ShouldContain("cQ==");
        output.ShouldContain("A:");
        output.ShouldContain("4 desired");
        output.ShouldContain("--- can-i\nyes");
        output.ShouldContain("kubernetes-admin");
        output.ShouldContain("v1.35.0+mooring-sandbox");
        output.ShouldContain("FIELD: containerPort <integer>");
        output.ShouldContain("deployments.apps");
        output.ShouldContain("namespace \"core\" deleted");
        output.ShouldContain("Error from server (NotFound): namespaces \"core\" not found");
    }

    [Fact]
    public async Task GetWatch_Changes_ArePrintedAsTheyCome()
    {
        var output = await server.RunAsync("""
            kubectl create ns w >/dev/null; kubectl -n w create sa first >/dev/null
            kubectl -n w get cm -w --output-watch-events > events & pid=$!
            until kubectl -n w create cm seen -o name >/dev/null 2>&1 || kubectl -n w get cm seen >/dev/null; do :; done
            for i in $(seq 300); do grep -q seen events && break; sleep 0.1; done
            kubectl -n w label cm seen a=b >/dev/null; kubectl -n w delete cm seen >/dev/null
            for i in $(seq 300); do grep -q DELETED events && break; sleep 0.1; done
            kill $pid; wait $pid; cat events; rm events
            """ + "\ntrue");

        output.ShouldContain("ADDED");
        output.ShouldContain("MODIFIED   seen");
        output.ShouldContain("DELETED    seen");
    }

    [Fact]
    public async Task OwnCrds_Apply_EstablishAndExplain()
    {
        var output = await server.RunAsync($"""
            kubectl apply -f '{KubeTools.Repository}/crds/' && kubectl wait --for=condition=Established crd --all --timeout=20s
            kubectl explain virtualips.spec; kubectl get virtualips,backendpools,addresspools -A
            kubectl create -f - <<'END'
            {"{apiVersion: mooring.dev/v1alpha1, kind: VirtualIp, metadata: {name: bad}, spec: {ports: [{name: a, port: 80, backendPool: p}, {name: b, port: 80, backendPool: p}]}}"}
            END
            true
            """);

        output.ShouldContain("virtualips.mooring.dev condition met");
        output.ShouldContain("KIND:       VirtualIp");
        output.ShouldContain("ports\t<[]Object>");
        output.ShouldContain("set exactly one of addresses and addressPool");
        output.ShouldContain("no two ports may have the same port and protocol");
    }

    [Fact]
    public async Task Helm_WholeLife_Works()
    {
        await server.WriteAsync("tiny/Chart.yaml", "apiVersion: v2\nname: tiny\nversion: 0.1.0\n");
        await server.WriteAsync("tiny/values.yaml", "greeting: hello\n");
        await server.WriteAsync("tiny/templates/all.yaml", """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: {{ .Release.Name }}}
            data: {greeting: {{ .Values.greeting }}}
            ---
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: {{ .Release.Name }}}
            spec:
              replicas: 1
              selector: {matchLabels: {app: tiny}}
              template:
                metadata: {labels: {app: tiny}}
                spec: {containers: [{name: c, image: "c:1", ports: [{containerPort: 80}]}]}
            """);
        var output = await server.RunAsync("""
            kubectl create ns hel; H="helm -n hel"; show() { kubectl -n hel get cm rel -o jsonpath='greeting={.data.greeting}{"\n"}'; }
            $H install rel tiny && show && $H upgrade rel tiny --set greeting=goodbye && show && $H rollback rel 1 && show
            $H list -o json; $H history rel | tail -1; $H get manifest rel | grep -c kind; $H uninstall rel && kubectl -n hel get cm,deploy,secret
            """);

        output.ShouldContain("STATUS: deployed");
        output.Split('\n').Where(l => l.StartsWith("greeting=", StringComparison.Ordinal)).ShouldBe(["greeting=hello", "greeting=goodbye", "greeting=hello"]);
        output.ShouldContain("\"revision\":\"3\"");
        output.ShouldContain("Rollback to 1");
        output.ShouldContain("release \"rel\" uninstalled");
        output.ShouldContain("No resources found in hel namespace.");
    }
}
