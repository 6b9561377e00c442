namespace Mooring.Sandbox.KubeApi.Schema;

/// <summary>What a field holds.</summary>
internal enum SchemaType
{
    /// <summary>Anything; nothing below it is known.</summary>
    Any,
    Object,
    Array,
    String,
    Integer,
    Number,
    Boolean,
    IntOrString,
}
