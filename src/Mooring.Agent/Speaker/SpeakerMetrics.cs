using System.Diagnostics.Metrics;

namespace Mooring.Agent.Speaker;

internal sealed class SpeakerMetrics
{
    public const string MeterName = "Mooring.Agent.Speaker";

    private readonly Counter<long> _announcements;
    private readonly Counter<long> _arpAnswers;
    private readonly Counter<long> _solicitationAnswers;
    private readonly Counter<long> _echoAnswers;
    private readonly Counter<long> _malformed;
    private readonly Counter<long> _claims;
    private readonly Counter<long> _sendFailures;

    public SpeakerMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _announcements = meter.CreateCounter<long>("mooring_announcements_sent_total", description: "Gratuitous ARP frames and unsolicited neighbour advertisements sent.");
        _arpAnswers = meter.CreateCounter<long>("mooring_arp_requests_answered_total", description: "ARP requests answered.");
        _solicitationAnswers = meter.CreateCounter<long>("mooring_neighbor_solicitations_answered_total", description: "Neighbour solicitations answered.");
        _echoAnswers = meter.CreateCounter<long>("mooring_icmp_echo_answered_total", description: "ICMP and ICMPv6 echo requests answered.");
        _malformed = meter.CreateCounter<long>("mooring_frames_malformed_total", description: "Frames that were cut short or inconsistent.");
        _claims = meter.CreateCounter<long>("mooring_claims_seen_total", description: "Claims of our addresses by other machines.");
        _sendFailures = meter.CreateCounter<long>("mooring_frames_not_sent_total", description: "Frames the kernel did not take.");
    }

    public void Announced() => _announcements.Add(1);

    public void ArpAnswered() => _arpAnswers.Add(1);

    public void SolicitationAnswered() => _solicitationAnswers.Add(1);

    public void EchoAnswered() => _echoAnswers.Add(1);

    public void Malformed() => _malformed.Add(1);

    public void ClaimSeen() => _claims.Add(1);

    public void NotSent() => _sendFailures.Add(1);
}
