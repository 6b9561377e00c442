namespace Mooring.Core.Tests.Failover.Simulation;

public sealed class FailoverSimulationTests
{
    private const int DefaultSchedules = 2000;

    /// <summary>Set for new ground: MOORING_SIMULATION_SCHEDULES=100000 runs as many with seeds never used before.</summary>
    private const string SchedulesVariable = "MOORING_SIMULATION_SCHEDULES";

    /// <summary>Set to run one schedule again: MOORING_SIMULATION_SEED=1234.</summary>
    private const string SeedVariable = "MOORING_SIMULATION_SEED";

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
        var longest = TimeSpan.Zero;
        for (var seed = start; seed < start + schedules; seed++)
        {
            try
            {
                var overlap = RandomSchedule.Run(seed);
                longest = overlap > longest ? overlap : longest;
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException(
                    $"schedule {seed} failed; run it again with {SeedVariable}={seed}\n{exception.Message}", exception);
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{schedules} schedules, seeds from {start} on, longest overlap {longest.TotalMilliseconds:F0} ms");
    }
}
