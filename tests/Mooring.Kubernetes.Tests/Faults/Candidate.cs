using k8s;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Kubernetes.Client;
using Mooring.Kubernetes.LeaderElection;

namespace Mooring.Kubernetes.Tests.Faults;

/// <summary>One of several that want to lead, with a client and a clock of its own.</summary>
internal sealed class Candidate : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly KubernetesClient _client;
    private readonly string _name;
    private readonly LeadershipLog _log;
    private readonly Task _running;
    private int _term;

    public Candidate(
        string name,
        string @namespace,
        KubernetesClientConfiguration configuration,
        KubernetesClientOptions options,
        SkewedTimeProvider clock,
        LeadershipLog log)
    {
        _name = name;
        _log = log;
        Clock = clock;
        _client = new KubernetesClient(configuration, options);
        Elector = new LeaderElector(
            _client,
            new LeaderElectionOptions
            {
                LeaseName = "lock",
                LeaseNamespace = @namespace,
                Identity = name,
                LeaseDuration = TimeSpan.FromSeconds(1),
                RenewDeadline = TimeSpan.FromMilliseconds(700),
                RetryPeriod = TimeSpan.FromMilliseconds(100),
            },
            clock,
            NullLogger<LeaderElector>.Instance);
        _running = Elector.RunAsync(LeadAsync, _stop.Token);
    }

    public LeaderElector Elector { get; }

    public SkewedTimeProvider Clock { get; }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _client.Dispose();
        _stop.Dispose();
    }

    /// <summary>Works as long as it may, asking before each step as whoever guards something must.</summary>
    private async Task LeadAsync(CancellationToken cancellationToken)
    {
        var term = ++_term;
        while (!cancellationToken.IsCancellationRequested)
        {
            _log.Note(_name, term, Elector);
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
