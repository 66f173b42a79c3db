using System.Runtime.InteropServices;

namespace Inferometer.Simulation.Operators;

/// <summary>
/// A set of equal members of which each trial touches one with probability <paramref name="Probability"/>; of it,
/// <paramref name="Local"/> members lie on the device. Trials are tokens (experts) or sequences (adapters).
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct TouchPool(double Local, double Probability, double TrialsPerUnit, bool PerSequence)
{
    /// <summary>Expected distinct local members touched: Local x (1 - (1 - p)^trials).</summary>
    public double Touched(double units) => Probability >= 1 ? Local : Local * (1 - Math.Pow(1 - Probability, units * TrialsPerUnit));
}

/// <summary>Attention spans and pools that operators refer to by index, each distinct one once.</summary>
internal sealed class SharedTables
{
    private readonly List<AttentionSpan> _spans = [];
    private readonly List<TouchPool> _pools = [];

    public IReadOnlyList<AttentionSpan> Spans => _spans;

    public IReadOnlyList<TouchPool> Pools => _pools;

    public int Span(AttentionSpan span) => Index(_spans, span);

    public int ExpertPool(double local, double probability, double tokenFactor) =>
        Index(_pools, new(local, probability, tokenFactor, PerSequence: false));

    public int AdapterPool(int adapters) => Index(_pools, new(adapters, 1.0 / adapters, 1, PerSequence: true));

    private static int Index<T>(List<T> list, T item)
    {
        int index = list.IndexOf(item);
        if (index < 0)
        {
            list.Add(item);
            index = list.Count - 1;
        }

        return index;
    }
}
