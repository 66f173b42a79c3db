using Inferometer.Measurement.Diagnostics;

namespace Inferometer.Measurement.Local;

/// <summary>
/// Measures stretches between readings of the machine's pace. Those in which the machine was slower than in its quick moments are measured
/// again, a few times, each time after waiting for a quick moment; the quickest attempt counts. A spell that begins and ends within one
/// stretch is not seen.
/// </summary>
/// <param name="read">Reads the pace of a moment.</param>
/// <param name="wait">Waits between two readings while the machine is slow.</param>
internal sealed class PaceGuard(Func<MachinePace> read, Func<CancellationToken, Task> wait)
{
    /// <summary>A machine that is slower by more than this is in a slow spell.</summary>
    public const double Tolerance = 0.15;

    private const int MostRounds = 4;
    private const int MostWaits = 20; // before each further round

    private readonly List<MachinePace> _readings = [];

    /// <summary>Readings so far.</summary>
    public int Readings => _readings.Count;

    /// <summary>The quick moments: what a tenth of the readings reached, of each piece of work. The quickest may be a fluke.</summary>
    public MachinePace Quick => new(AtTenth(r => r.ArithmeticSeconds), AtTenth(r => r.MemorySeconds));

    /// <summary>Measures stretches, again where the machine was slow.</summary>
    /// <typeparam name="T">What a stretch gives.</typeparam>
    /// <param name="titles">Of each stretch.</param>
    /// <param name="measure">Measures those whose numbers it is given, each by one call of the function it is given with the work.</param>
    /// <param name="cancellationToken">Stops before the next stretch.</param>
    /// <returns>Of each stretch what its quickest attempt gave, and how slow the machine was.</returns>
    public async Task<IReadOnlyList<(T Value, PacedStretch Stretch)>> MeasureAsync<T>(
        IReadOnlyList<string> titles, Func<IReadOnlyList<int>, Func<int, Func<Task<T>>, Task>, Task> measure,
        CancellationToken cancellationToken)
    {
        List<Attempt<T>>[] attempts = [.. titles.Select(_ => new List<Attempt<T>>())];
        int[] pending = [.. Enumerable.Range(0, titles.Count)];
        for (int round = 0; round < MostRounds && pending.Length > 0; round++)
        {
            if (round > 0)
            {
                await WaitForQuickAsync(cancellationToken).ConfigureAwait(false);
            }

            await measure(pending, RunAsync).ConfigureAwait(false);
            pending = [.. pending.Where(i => Quickest(attempts[i]).SlownessTo(Quick) > Tolerance)];
        }

        MachinePace quick = Quick;
        return
        [
            .. titles.Select((title, i) =>
            {
                Attempt<T> best = Quickest(attempts[i]);
                return (best.Value, new PacedStretch(
                    title, best.SlownessTo(quick), attempts[i][0].SlownessTo(quick), attempts[i].Count));
            }),
        ];

        async Task RunAsync(int index, Func<Task<T>> work)
        {
            cancellationToken.ThrowIfCancellationRequested();
            MachinePace before = Read();
            T value = await work().ConfigureAwait(false);
            attempts[index].Add(new Attempt<T>(value, before, Read()));
        }
    }

    private Attempt<T> Quickest<T>(List<Attempt<T>> attempts)
    {
        MachinePace quick = Quick;
        return attempts.MinBy(a => a.SlownessTo(quick))!;
    }

    private async Task WaitForQuickAsync(CancellationToken cancellationToken)
    {
        for (int i = 0; i < MostWaits && Read().SlownessTo(Quick) > Tolerance; i++)
        {
            await wait(cancellationToken).ConfigureAwait(false);
        }
    }

    private MachinePace Read()
    {
        MachinePace pace = read();
        _readings.Add(pace);
        return pace;
    }

    private double AtTenth(Func<MachinePace, double> of) => _readings.Select(of).Order().ElementAt((_readings.Count - 1) / 10);

    private sealed record Attempt<T>(T Value, MachinePace Before, MachinePace After)
    {
        public double SlownessTo(MachinePace quick) => Math.Max(Before.SlownessTo(quick), After.SlownessTo(quick));
    }
}
