
namespace Mooring.Sandbox.KubeApi.Http;

/// <summary>The form of an answer that was agreed on.</summary>
internal enum MediaType
{
    Json,
    Yaml,
    Table,
    PartialMetadata,
    PartialMetadataList,
}
