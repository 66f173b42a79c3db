using System.Runtime.InteropServices;

namespace Inferometer.Measurement.Watch;

/// <summary>Values of a histogram up to a bound.</summary>
/// <param name="UpTo">The bound; infinite in the last.</param>
/// <param name="Count">Values that are not above it.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct HistogramBucket(double UpTo, double Count);
