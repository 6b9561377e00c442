namespace Mooring.Core.Tests.Failover.Simulation;

public sealed class FailoverSimulationTests
{
    private const int Schedules = 2500;

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

        // The first part is the same in every run, the second is new ground.
        var start = Random.Shared.Next(1_000_000, int.MaxValue - Schedules);
        var seeds = Enumerable.Range(1, Schedules / 2).Concat(Enumerable.Range(start, Schedules / 2));
        var longest = TimeSpan.Zero;
        foreach (var seed in seeds)
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
            $"{Schedules} schedules, seeds 1.. and {start}.., longest overlap {longest.TotalMilliseconds:F0} ms");
    }
}
