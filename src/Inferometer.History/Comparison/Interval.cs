using System.Runtime.InteropServices;

namespace Inferometer.History.Comparison;

/// <summary>Between what a value lies at 95 %.</summary>
/// <param name="Low">The lower end.</param>
/// <param name="High">The upper end.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Interval(double Low, double High);
