namespace Mooring.Sandbox.KubeApi.Resources;

/// <summary>What a CRD says of its version beyond the schema.</summary>
/// <param name="CrdName">Name of the CustomResourceDefinition.</param>
/// <param name="Columns">Printer columns.</param>
/// <param name="SelectableFields">Dotted paths that field selectors may name.</param>
/// <param name="DeprecationWarning">Sent with every answer when the version is deprecated.</param>
internal sealed record CustomResource(string CrdName, IReadOnlyList<PrinterColumn> Columns, IReadOnlyList<string> SelectableFields, string? DeprecationWarning);
