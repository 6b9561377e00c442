using Mooring.Core.Failover;

namespace Mooring.Core.Tests.Failover.Simulation;

public sealed class FailoverSimulationTests
{
    private const int DefaultSchedules = 100_000;

    /// <summary>Set for new ground: MOORING_SIMULATION_SCHEDULES=100000 runs as many with seeds never used before.</summary>
    private const string SchedulesVariable = "MOORING_SIMULATION_SCHEDULES";

    /// <summary>Set to run one schedule again: MOORING_SIMULATION_SEED=1234.</summary>
    private const string SeedVariable = "MOORING_SIMULATION_SEED";

    /// <summary>A rule is taken to be missed by the simulation when this many schedules do not notice that it is broken.</summary>
    private const int MutationSchedules = 20_000;

    public static TheoryData<string> Rules =>
        [.. typeof(FailoverRules).GetProperties().Where(rule => rule.PropertyType == typeof(bool)).Select(rule => rule.Name)];

    [Fact]
    public void RandomSchedules_AnyFaults_KeepOneHolderAndAlwaysOne()
    {
        if (int.TryParse(Environment.GetEnvironmentVariable(SeedVariable), out var only))
        {
            RandomSchedule.Run(only);
            return;
        }

        // Without being asked for more, the same schedules in every run.
        var asked = int.TryParse(Environment.GetEnvironmentVariable(SchedulesVariable), out var wanted) && wanted > 0;
        var schedules = asked ? wanted : DefaultSchedules;
        var start = asked ? Random.Shared.Next(1_000_000, int.MaxValue - schedules) : 1;
        var began = TimeProvider.System.GetTimestamp();

        var failed = Search(start, schedules, FailoverRules.Default, out var longest);

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{schedules} schedules, seeds from {start} on, in {TimeProvider.System.GetElapsedTime(began).TotalSeconds:F0} s; "
            + $"longest overlap {longest.TotalMilliseconds:F0} ms");
        if (failed is var (seed, violation))
        {
            throw new InvalidOperationException(
                $"schedule {seed} failed; run it again with\n    {SeedVariable}={seed} scripts/test.sh Core -method '*RandomSchedules*'\n"
                + violation.Message,
                violation);
        }
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void RandomSchedules_OneRuleBroken_IsNoticed(string rule)
    {
        var broken = FailoverRules.Default with { };
        typeof(FailoverRules).GetProperty(rule)!.SetValue(broken, value: false);

        var found = Search(1, MutationSchedules, broken, out _);

        found.ShouldNotBeNull($"no schedule noticed that {rule} was broken");
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{rule}: schedule {found.Value.Seed}: {found.Value.Violation.Message.Split('\n')[0]}");
    }

    /// <summary>The first schedule that fails, as far as one can say with many at once.</summary>
    private static (int Seed, Exception Violation)? Search(int start, int count, FailoverRules rules, out TimeSpan longest)
    {
        (int Seed, Exception Violation)? failed = null;
        var most = TimeSpan.Zero;
        var gate = new Lock();
        Parallel.For(start, start + count, (seed, loop) =>
        {
            try
            {
                var overlap = RandomSchedule.Run(seed, rules);
                if (overlap > most)
                {
                    lock (gate)
                    {
                        most = overlap > most ? overlap : most;
                    }
                }
            }
            catch (Exception exception)
            {
                loop.Stop();
                lock (gate)
                {
                    failed = failed is null || seed < failed.Value.Seed ? (seed, exception) : failed;
                }
            }
        });
        longest = most;
        return failed;
    }
}
