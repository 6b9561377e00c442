using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;

namespace Mooring.Sandbox.Tests.KubeApi;

/// <summary>A custom resource that uses what CRDs offer.</summary>
internal static class SampleCrd
{
    public const string Yaml = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: gadgets.test.mooring.dev}
        spec:
          group: test.mooring.dev
          scope: Namespaced
          names: {plural: gadgets, kind: Gadget, shortNames: [gd]}
          versions:
          - name: v1
            served: true
            storage: true
            subresources: {status: {}, scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}}
            additionalPrinterColumns:
            - {name: Size, type: string, jsonPath: .spec.size}
            - {name: Ready, type: string, jsonPath: '.status.conditions[?(@.type=="Ready")].status'}
            - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
            schema:
              openAPIV3Schema:
                type: object
                description: A gadget for tests.
                required: [spec]
                properties:
                  spec:
                    type: object
                    description: What is wanted.
                    required: [size]
                    properties:
                      size: {type: string, enum: [S, M, L], description: How big it is.}
                      replicas: {type: integer, default: 1, minimum: 0, maximum: 100}
                      color: {type: string}
                      ports:
                        type: array
                        x-kubernetes-list-type: map
                        x-kubernetes-list-map-keys: [name]
                        items:
                          type: object
                          required: [name, port]
                          properties:
                            name: {type: string, pattern: '^[a-z]+$'}
                            port: {type: integer, minimum: 1, maximum: 65535, description: The port it listens on.}
                            protocol: {type: string, default: TCP}
                  status:
                    type: object
                    x-kubernetes-preserve-unknown-fields: true
          - name: v1beta1
            served: true
            storage: false
            schema:
              openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}
        """;

    public static JsonObject Json() => (JsonObject)YamlBody.Parse(Yaml)!;

    public static JsonObject Gadget(string name, string size = "S", string more = "{}")
    {
        var spec = (JsonObject)JsonNode.Parse(more)!;
        spec["size"] = size;
        return new JsonObject
        {
            ["apiVersion"] = "test.mooring.dev/v1",
            ["kind"] = "Gadget",
            ["metadata"] = new JsonObject { ["name"] = name },
            ["spec"] = spec,
        };
    }
}
