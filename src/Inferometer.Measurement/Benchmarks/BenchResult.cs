using Inferometer.Measurement.Diagnostics;

namespace Inferometer.Measurement.Benchmarks;

/// <summary>A test as it was timed, beside what the machine could do just before.</summary>
/// <param name="Samples">The test and its times.</param>
/// <param name="Limits">Bandwidth and rates of the machine with as many threads; null on a device that is not probed.</param>
/// <param name="LimitRate">Tokens per second if the test ran at these limits; null without them.</param>
public sealed record BenchResult(BenchSamples Samples, MachineLimits? Limits, double? LimitRate);
