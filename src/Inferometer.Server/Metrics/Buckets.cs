namespace Inferometer.Server.Metrics;

/// <summary>
/// Bounds of histograms. Those of latencies contain the bounds of vLLM's metrics (vllm/v1/metrics/loggers.py), which dashboards were drawn
/// for, and finer ones below, since small models answer faster than vLLM's first bucket.
/// </summary>
internal static class Buckets
{
    /// <summary>Time to first token, seconds.</summary>
    public static ReadOnlySpan<double> FirstToken =>
    [
        0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560,
    ];

    /// <summary>Between tokens, seconds.</summary>
    public static ReadOnlySpan<double> Token =>
    [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80,
    ];

    /// <summary>Whole requests and their parts, seconds.</summary>
    public static ReadOnlySpan<double> Request =>
    [
        0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680,
    ];

    /// <summary>Answers to a request.</summary>
    public static ReadOnlySpan<double> Answers => [1, 2, 5, 10, 20];

    /// <summary>Tokens of a prompt or an answer, as OpenTelemetry's conventions have them.</summary>
    public static ReadOnlySpan<long> UsedTokens =>
    [
        1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864,
    ];

    /// <summary>Tokens of a step.</summary>
    public static ReadOnlySpan<double> StepTokens => [1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384];

    /// <summary>1, 2, 5, 10, 20, 50, ... up to a number of tokens.</summary>
    public static double[] Tokens(int most)
    {
        List<double> bounds = [];
        for (long decade = 1; decade <= most; decade *= 10)
        {
            foreach (int digit in (ReadOnlySpan<int>)[1, 2, 5])
            {
                if (digit * decade <= most)
                {
                    bounds.Add(digit * decade);
                }
            }
        }

        return [.. bounds];
    }
}
