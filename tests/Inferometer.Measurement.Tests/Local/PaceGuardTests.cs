using Inferometer.Measurement.Diagnostics;
using Inferometer.Measurement.Local;

namespace Inferometer.Measurement.Tests.Local;

/// <summary>The guard on a machine of the test's own, whose clock and slow spells are scripted.</summary>
public sealed class PaceGuardTests
{
    private const int Count = 20;

    [Fact]
    public async Task On_a_steady_machine_everything_is_measured_once()
    {
        ScriptedMachine machine = new();
        (IReadOnlyList<(double Value, PacedStretch Stretch)> parts, PaceReport report) = await machine.MeasureAsync();
        Assert.All(parts, p => Assert.Equal((1.0, 1, 0.0), (p.Value, p.Stretch.Attempts, Math.Round(p.Stretch.Slowness, 9))));
        Assert.True(report.IsSteady);
        Assert.Equal("Steady: within 0 % of its quick moments in all that counts.", report.Summary);
        Assert.Equal(2 * Count, report.Readings);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_falls_into_a_slow_spell_is_measured_again_and_alone(bool isMemory)
    {
        ScriptedMachine machine = new() { Spell = (5, 9), Factor = 1.38, OnlyMemory = isMemory };
        (IReadOnlyList<(double Value, PacedStretch Stretch)> parts, PaceReport report) = await machine.MeasureAsync();
        Assert.All(parts, p => Assert.Equal(1, p.Value, 9));
        Assert.InRange(parts.Count(p => p.Stretch.Attempts == 2), 3, 6);
        Assert.All(parts, p => Assert.InRange(p.Stretch.Attempts, 1, 2));
        Assert.True(report.IsSteady);
        Assert.Contains("up to 38 % slower", report.Summary, StringComparison.Ordinal);
    }

    /// <summary>Nothing says so before the machine is quick for the first time.</summary>
    [Fact]
    public async Task A_spell_at_the_beginning_is_found_out_afterwards()
    {
        ScriptedMachine machine = new() { Spell = (0, 12), Factor = 2 };
        (IReadOnlyList<(double Value, PacedStretch Stretch)> parts, PaceReport report) = await machine.MeasureAsync();
        Assert.Equal([2, 2, 2, 2], parts.Take(4).Select(p => p.Stretch.Attempts));
        Assert.All(parts, p => Assert.Equal(1, p.Value, 9));
        Assert.True(report.IsSteady);
    }

    [Fact]
    public async Task The_next_round_waits_for_a_quick_moment()
    {
        ScriptedMachine machine = new() { Spell = (15, 33), Factor = 1.5 };
        (IReadOnlyList<(double Value, PacedStretch Stretch)> parts, PaceReport report) = await machine.MeasureAsync();
        Assert.True(report.IsSteady);
        Assert.All(parts, p => Assert.InRange(p.Stretch.Attempts, 1, 2));
        Assert.True(machine.Waits > 0);
    }

    [Fact]
    public async Task A_spell_that_does_not_end_is_told_with_its_figure_and_the_guard_gives_up()
    {
        ScriptedMachine machine = new() { Spell = (11.02, double.PositiveInfinity), Factor = 1.38 };
        (IReadOnlyList<(double Value, PacedStretch Stretch)> parts, PaceReport report) = await machine.MeasureAsync();
        int slow = parts.Count(p => p.Stretch.IsSlow);
        Assert.Equal(10, slow);
        Assert.All(parts.Where(p => p.Stretch.IsSlow), p => Assert.Equal((1.38, 4), (Math.Round(p.Value, 9), p.Stretch.Attempts)));
        Assert.False(report.IsSteady);
        Assert.StartsWith(
            $"Not steady: the machine was up to 38 % slower than in its quick moments during {slow} of 20 stretches that count.",
            report.Summary, StringComparison.Ordinal);
        Assert.InRange(machine.Now, 0, 20 * 1.38 * 4 * 1.2);
    }

    [Fact]
    public async Task A_single_reading_that_was_far_too_quick_makes_no_machine_slow()
    {
        ScriptedMachine machine = new() { Fluke = 7 };
        (_, PaceReport report) = await machine.MeasureAsync();
        Assert.True(report.IsSteady);
        Assert.Empty(report.Repeated);
    }

    [Fact]
    public void What_is_left_out_is_counted_as_such()
    {
        PaceReport report = new([new("a", 0.04, 0.04, 1), new("b", 0.3, 0.5, 4, IsLeftOut: true)], 12);
        Assert.True(report.IsSteady);
        Assert.Equal(
            "Steady: within 4 % of its quick moments in all that counts. The machine was up to 50 % slower during 1 of 2 stretches, which "
                + "were measured again; 1 of them never in a quick moment, and left out.",
            report.Summary);
    }

    /// <summary>Stretches take a second, readings a twentieth, more in a spell.</summary>
    private sealed class ScriptedMachine
    {
        private int _readings;

        public (double Begin, double End) Spell { get; init; } = (0, 0);

        public double Factor { get; init; } = 1;

        public bool OnlyMemory { get; init; }

        public int Fluke { get; init; } = -1;

        public double Now { get; private set; }

        public int Waits { get; private set; }

        private double Slowness => Now >= Spell.Begin && Now < Spell.End ? Factor : 1;

        public async Task<(IReadOnlyList<(double Value, PacedStretch Stretch)> Parts, PaceReport Report)> MeasureAsync()
        {
            PaceGuard guard = new(Read, _ =>
            {
                Waits++;
                Now += 0.5;
                return Task.CompletedTask;
            });
            IReadOnlyList<(double Value, PacedStretch Stretch)> parts = await guard.MeasureAsync<double>(
                [.. Enumerable.Range(0, Count).Select(i => $"stretch {i}")],
                async (pending, measure) =>
                {
                    foreach (int i in pending)
                    {
                        await measure(i, () => Task.FromResult(Work()));
                    }
                },
                TestContext.Current.CancellationToken);
            return (parts, new PaceReport([.. parts.Select(p => p.Stretch)], guard.Readings));
        }

        private double Work()
        {
            double seconds = Slowness;
            Now += seconds;
            return seconds;
        }

        private MachinePace Read()
        {
            double slowness = _readings++ == Fluke ? 0.5 : Slowness;
            Now += 0.05 * slowness;
            return new MachinePace(0.01 * (OnlyMemory ? 1 : slowness), 0.02 * slowness);
        }
    }
}
