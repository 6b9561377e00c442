using System.Globalization;

namespace Mooring.Kubernetes.Tests.Faults;

/// <summary>
/// Random schedules of faults between client and server. MOORING_FAULT_SEED runs one of them again;
/// MOORING_FAULT_RUNS sets how many there are.
/// </summary>
public sealed class FaultRunTests(FaultServers servers, ITestOutputHelper output) : IClassFixture<FaultServers>
{
    private const int Runs = 200;

    /// <summary>Mostly they wait, so that several fit on one core.</summary>
    private const int AtOnce = 12;

    private int _ran;

    [Fact]
    public async Task RandomSchedules_OnceItIsCalm_StoresAreEqualReconcilesConvergedAndOneLeads()
    {
        var first = Number("MOORING_FAULT_SEED");
        var count = Number("MOORING_FAULT_RUNS") ?? (first is null ? Runs : 1);
        var seed = first ?? Random.Shared.Next(1_000_000_000);
        Say($"{count} schedules from seed {seed} on");
        var started = TimeProvider.System.GetTimestamp();
        var faults = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var failures = new List<string>();
        await Parallel.ForEachAsync(
            Enumerable.Range(seed, count),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            async (one, _) => await RunAsync(one, faults, failures));

        Say($"{_ran} schedules in {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0} s; "
            + string.Join(", ", faults.Select(fault => $"{fault.Key} {fault.Value}")));
        failures.ShouldBeEmpty();
        faults.Keys.ShouldBeSubsetOf(
            ["429", "500", "503", "answer lost", "delayed", "refused", "reset", "stall", "truncate"]);
        if (count >= Runs)
        {
            faults.Count.ShouldBe(9, "every kind of fault happened");
        }
    }

    private async Task RunAsync(int seed, SortedDictionary<string, int> faults, List<string> failures)
    {
        var schedule = new FaultSchedule(seed);
        var number = Interlocked.Increment(ref _ran);
        var run = new FaultRun(schedule, servers, $"faults-{number}");
        string? failure = null;
        try
        {
            await using (run)
            {
                await run.ExecuteAsync();
            }
        }
        catch (Exception e)
        {
            failure = $"MOORING_FAULT_SEED={seed} ({schedule}): {e.Message}";
        }

        lock (failures)
        {
            foreach (var (fault, count) in run.Faults)
            {
                faults[fault] = faults.GetValueOrDefault(fault) + count;
            }

            if (failure is not null)
            {
                failures.Add(failure);
                Say(failure);
            }
        }
    }

    private void Say(string line)
    {
        output.WriteLine(line);
        Console.Error.WriteLine(line);
    }

    private static int? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text
            ? int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture)
            : null;
}
