using System.Globalization;
using System.Text;

namespace Mooring.Benchmarks.Kube;

/// <summary>Pods as an API server serves them: about 3 KB each, a third of that field owners.</summary>
internal static class Pods
{
    public static byte[] Json(int number, long version)
    {
        var name = Name(number);
        return Encoding.UTF8.GetBytes($$$$$$$$"""
            {"kind":"Pod","apiVersion":"v1","metadata":{"name":"{{{{{{{{name}}}}}}}}","generateName":"web-6d4b75cb6d-","namespace":"ns-{{{{{{{{number % 20}}}}}}}}",
            "uid":"{{{{{{{{number:x8}}}}}}}}-1c2d-4e3f-8a9b-0123456789ab","resourceVersion":"{{{{{{{{version}}}}}}}}","creationTimestamp":"2026-01-31T12:00:00Z",
            "labels":{"app":"web","pod-template-hash":"6d4b75cb6d","tier":"frontend"},
            "annotations":{"prometheus.io/scrape":"true","prometheus.io/port":"9090"},
            "ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-6d4b75cb6d","uid":"5f0f1c2d-0000-4e3f-8a9b-0123456789ab","controller":true,"blockOwnerDeletion":true}],
            "managedFields":[{"manager":"kube-controller-manager","operation":"Update","apiVersion":"v1","time":"2026-01-31T12:00:00Z","fieldsType":"FieldsV1",
            "fieldsV1":{"f:metadata":{"f:generateName":{},"f:labels":{".":{},"f:app":{},"f:pod-template-hash":{}},"f:ownerReferences":{".":{},"k:{\"uid\":\"5f0f1c2d\"}":{}}},
            "f:spec":{"f:containers":{"k:{\"name\":\"web\"}":{".":{},"f:image":{},"f:imagePullPolicy":{},"f:name":{},"f:resources":{},"f:terminationMessagePath":{}}},"f:dnsPolicy":{},"f:enableServiceLinks":{},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{}}}},
            {"manager":"kubelet","operation":"Update","apiVersion":"v1","time":"2026-01-31T12:00:05Z","fieldsType":"FieldsV1","subresource":"status",
            "fieldsV1":{"f:status":{"f:conditions":{"k:{\"type\":\"Ready\"}":{".":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}}},"f:containerStatuses":{},"f:hostIP":{},"f:phase":{},"f:podIP":{},"f:startTime":{}}}}]},
            "spec":{"volumes":[{"name":"kube-api-access","projected":{"sources":[{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}}],"defaultMode":420}}],
            "containers":[{"name":"web","image":"registry.example/web:1.27","ports":[{"name":"http","containerPort":8080,"protocol":"TCP"}],
            "resources":{"limits":{"cpu":"500m","memory":"128Mi"},"requests":{"cpu":"100m","memory":"64Mi"}},
            "volumeMounts":[{"name":"kube-api-access","readOnly":true,"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}],
            "terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent"}],
            "restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","serviceAccountName":"default","nodeName":"node-{{{{{{{{number % 100}}}}}}}}",
            "securityContext":{},"schedulerName":"default-scheduler","tolerations":[{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}],"enableServiceLinks":true},
            "status":{"phase":"Running","conditions":[{"type":"Initialized","status":"True","lastProbeTime":null,"lastTransitionTime":"2026-01-31T12:00:00Z"},
            {"type":"Ready","status":"True","lastProbeTime":null,"lastTransitionTime":"2026-01-31T12:00:05Z"}],
            "hostIP":"10.0.{{{{{{{{number % 100}}}}}}}}.1","podIP":"10.{{{{{{{{number / 65536}}}}}}}}.{{{{{{{{number / 256 % 256}}}}}}}}.{{{{{{{{number % 256}}}}}}}}","podIPs":[{"ip":"10.{{{{{{{{number / 65536}}}}}}}}.{{{{{{{{number / 256 % 256}}}}}}}}.{{{{{{{{number % 256}}}}}}}}"}],
            "startTime":"2026-01-31T12:00:00Z","containerStatuses":[{"name":"web","state":{"running":{"startedAt":"2026-01-31T12:00:04Z"}},"ready":true,"restartCount":0,"image":"registry.example/web:1.27","started":true}],"qosClass":"Burstable"}}
            """.ReplaceLineEndings(""));
    }

    public static string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"web-6d4b75cb6d-{number:d5}");
}
