namespace Mooring.Sandbox.KubeApi.Resources;

/// <summary>One of <c>additionalPrinterColumns</c>.</summary>
internal sealed record PrinterColumn(string Name, string Type, string Format, string Description, int Priority, string JsonPath);
