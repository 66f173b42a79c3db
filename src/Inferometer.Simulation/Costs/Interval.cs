using System.Runtime.InteropServices;

namespace Inferometer.Simulation.Costs;

/// <summary>
/// The range a cost model expects a figure to lie in; the figure itself stands beside it and need not be in the middle.
/// A cost model that cannot tell gives no interval rather than one of equal ends.
/// </summary>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end, at least <paramref name="Low"/>.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Interval(double Low, double High)
{
    /// <summary>Ends added: the interval of a sum whose parts err in the same direction.</summary>
    public static Interval operator +(Interval left, Interval right) => new(left.Low + right.Low, left.High + right.High);

    /// <summary>Moved by a number that is known.</summary>
    public static Interval operator +(Interval interval, double shift) => new(interval.Low + shift, interval.High + shift);

    /// <summary>Both ends multiplied; <paramref name="factor"/> must not be negative.</summary>
    public static Interval operator *(Interval interval, double factor) => new(interval.Low * factor, interval.High * factor);

    /// <summary>The interval of an amount over a time that lies in this one: the longest time gives the lowest rate.</summary>
    /// <param name="amount">What is done in that time, positive.</param>
    public Interval RateOf(double amount) => new(amount / High, amount / Low);
}
