using System.Runtime.InteropServices;

namespace Inferometer.Simulation.Network;

/// <summary>One straight line: <paramref name="FixedSeconds"/> + bytes x <paramref name="SecondsPerByte"/>.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AlphaBeta(double FixedSeconds, double SecondsPerByte)
{
    public double Seconds(double bytes) => FixedSeconds + (bytes * SecondsPerByte);

    public static AlphaBeta operator +(AlphaBeta a, AlphaBeta b) => new(
        a.FixedSeconds + b.FixedSeconds, a.SecondsPerByte + b.SecondsPerByte);
}

/// <summary>
/// Time of a collective as a function of its bytes: the least of up to three lines (a choice of algorithms) on each of
/// two tiers, added, or the larger of two lines (tiers used side by side). Message sizes are turned into seconds without allocation.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct CollectiveTime
{
    private readonly TierChoice _inner;
    private readonly TierChoice _outer;
    private readonly bool _sideBySide;

    private CollectiveTime(TierChoice inner, TierChoice outer, bool sideBySide)
    {
        _inner = inner;
        _outer = outer;
        _sideBySide = sideBySide;
    }

    public static CollectiveTime None => default;

    public static CollectiveTime InSequence(TierChoice inner, TierChoice outer) => new(inner, outer, sideBySide: false);

    public static CollectiveTime SideBySide(AlphaBeta inner, AlphaBeta outer) => new(
        TierChoice.Only(inner), TierChoice.Only(outer), sideBySide: true);

    public double Seconds(double bytes)
    {
        double inner = _inner.Seconds(bytes);
        double outer = _outer.Seconds(bytes);
        return _sideBySide ? Math.Max(inner, outer) : inner + outer;
    }
}

/// <summary>The least of up to three lines; none = zero.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct TierChoice(int Count, AlphaBeta First, AlphaBeta Second, AlphaBeta Third)
{
    public static TierChoice Only(AlphaBeta line) => new(1, line, default, default);

    public TierChoice Or(AlphaBeta line) => Count switch
    {
        0 => Only(line),
        1 => new(2, First, line, default),
        _ => new(3, First, Second, line),
    };

    public double Seconds(double bytes)
    {
        if (Count == 0)
        {
            return 0;
        }

        double best = First.Seconds(bytes);
        best = Count > 1 ? Math.Min(best, Second.Seconds(bytes)) : best;
        return Count > 2 ? Math.Min(best, Third.Seconds(bytes)) : best;
    }
}
