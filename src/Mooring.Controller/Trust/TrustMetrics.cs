using System.Diagnostics.Metrics;

namespace Mooring.Controller.Trust;

/// <summary>When certificates end, for alerts.</summary>
internal sealed class TrustMetrics
{
    public const string MeterName = "Mooring.Controller.Trust";

    public TrustMetrics(IMeterFactory meters, ServerCertificate certificate)
    {
        meters.Create(MeterName).CreateObservableGauge(
            "mooring_certificate_expiry_timestamp_seconds",
            () => certificate.Ends is { } ends
                ? [Of("server", ends.Server), Of("authority", ends.Authority)]
                : (IEnumerable<Measurement<double>>)[],
            "s",
            "Unix time at which a certificate ends: the one shown to agents, and that of the authority that signed it.");
    }

    private static Measurement<double> Of(string certificate, DateTimeOffset end) =>
        new(end.ToUnixTimeSeconds(), new KeyValuePair<string, object?>("certificate", certificate));
}
