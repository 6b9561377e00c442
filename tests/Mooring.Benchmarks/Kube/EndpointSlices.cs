using System.Globalization;
using System.Text;

namespace Mooring.Benchmarks.Kube;

/// <summary>EndpointSlices as the endpoint slice controller makes them, full to its default of 100 endpoints.</summary>
internal static class EndpointSlices
{
    public const int Slices = 1000;
    public const int EndpointsEach = 100;

    public static byte[] Json(int number)
    {
        var endpoints = string.Join(',', Enumerable.Range(number * EndpointsEach, EndpointsEach).Select(Endpoint));
        return Encoding.UTF8.GetBytes($$$$"""
            {"kind":"EndpointSlice","apiVersion":"discovery.k8s.io/v1","metadata":{"name":"svc-{{{{number}}}}-abcde","generateName":"svc-{{{{number}}}}-",
            "namespace":"ns-{{{{number % 20}}}}","uid":"{{{{number:x8}}}}-0000-4e3f-8a9b-0123456789ab","resourceVersion":"{{{{number + 1}}}}","generation":3,
            "creationTimestamp":"2026-01-31T12:00:00Z","labels":{"endpointslice.kubernetes.io/managed-by":"endpointslice-controller.k8s.io","kubernetes.io/service-name":"svc-{{{{number}}}}"},
            "ownerReferences":[{"apiVersion":"v1","kind":"Service","name":"svc-{{{{number}}}}","uid":"{{{{number:x8}}}}-1111-4e3f-8a9b-0123456789ab","controller":true,"blockOwnerDeletion":true}],
            "managedFields":[{"manager":"kube-controller-manager","operation":"Update","apiVersion":"discovery.k8s.io/v1","fieldsType":"FieldsV1","fieldsV1":{"f:addressType":{},"f:endpoints":{},"f:ports":{}}}]},
            "addressType":"IPv4","endpoints":[{{{{endpoints}}}}],"ports":[{"name":"http","protocol":"TCP","port":8080}]}
            """.ReplaceLineEndings(""));
    }

    private static string Endpoint(int number) => string.Create(CultureInfo.InvariantCulture, $$$$"""
        {"addresses":["10.{{{{number / 65536}}}}.{{{{number / 256 % 256}}}}.{{{{number % 256}}}}"],"conditions":{"ready":true,"serving":true,"terminating":false},
        "nodeName":"node-{{{{number % 100}}}}","targetRef":{"kind":"Pod","namespace":"ns-{{{{number / 100 % 20}}}}","name":"web-6d4b75cb6d-{{{{number:d6}}}}","uid":"{{{{number:x8}}}}-2222-4e3f-8a9b-0123456789ab"},"zone":"zone-{{{{number % 3}}}}"}
        """);
}
