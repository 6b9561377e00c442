namespace Mooring.Api.Schema;

/// <summary>Patterns of the schema, in the RE2 subset that the API server takes.</summary>
internal static class SchemaPatterns
{
    /// <summary>What Go's <c>time.ParseDuration</c> reads, without a sign: "100ms", "1h30m".</summary>
    public const string Duration = @"^([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))+$";

    /// <summary>Loose on purpose: the controller says what is wrong with an address that only looks like one.</summary>
    public const string IPAddress = @"^([0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)$";

    /// <summary>A CIDR, or a range of addresses from-to.</summary>
    public const string AddressRange = @"^[0-9a-fA-F:.]+(/[0-9]{1,3}|-[0-9a-fA-F:.]+)?$";

    /// <summary>DNS label, RFC 1123.</summary>
    public const string DnsLabel = @"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";

    /// <summary>DNS subdomain, RFC 1123.</summary>
    public const string DnsSubdomain = @"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

    /// <summary>An HTTP status or a range of them: "200", "200-299".</summary>
    public const string StatusRange = @"^[1-5][0-9]{2}(-[1-5][0-9]{2})?$";
}
