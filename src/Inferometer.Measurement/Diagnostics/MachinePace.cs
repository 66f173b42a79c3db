using System.Runtime.InteropServices;

namespace Inferometer.Measurement.Diagnostics;

/// <summary>What two fixed pieces of work took at a moment, to be set beside other moments of the same machine.</summary>
/// <param name="ArithmeticSeconds">Multiply-adds in registers, on all threads.</param>
/// <param name="MemorySeconds">Reading memory, on all threads.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct MachinePace(double ArithmeticSeconds, double MemorySeconds)
{
    /// <summary>How much longer than another moment the slower of both took: 0.1 is a tenth longer, below 0 is faster.</summary>
    /// <param name="other">The other moment.</param>
    public double SlownessTo(MachinePace other) =>
        Math.Max(ArithmeticSeconds / other.ArithmeticSeconds, MemorySeconds / other.MemorySeconds) - 1;
}
