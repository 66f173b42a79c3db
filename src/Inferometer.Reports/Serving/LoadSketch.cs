using Inferometer.Reports.Documents;
using Inferometer.Simulation.Serving;

namespace Inferometer.Reports.Serving;

/// <summary>Load over time drawn with blocks of eight heights, one line for each quantity.</summary>
internal static class LoadSketch
{
    private const int Width = 48;
    private const string Heights = " \u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588";

    public static IReadOnlyList<string> Lines(ServiceResult result) =>
    [
        Line("waiting", result, p => p.Waiting, Numbers.Short),
        Line("running", result, p => p.Running, Numbers.Short),
        Line("batch", result, p => p.Batch, Numbers.Short),
        Line("KV use", result, p => p.KvUse, Numbers.Percent),
        Line("output/s", result, p => p.OutputTokensPerSecond, Numbers.Short),
    ];

    private static string Line(string name, ServiceResult result, Func<LoadPoint, double> of, Func<double, string> text)
    {
        double[] values = Resampled([.. result.OverTime.Select(of)]);
        double most = values.Length == 0 ? 0 : values.Max();
        double least = values.Length == 0 ? 0 : values.Min();
        string drawing = string.Concat(values.Select(v => Heights[most > 0 ? (int)Math.Ceiling(v / most * (Heights.Length - 1)) : 0]));
        return $"{name,-9}{drawing,-Width} {text(least)} .. {text(most)}";
    }

    // Means over parts of the series; of a short one each point stands for itself.
    private static double[] Resampled(double[] values)
    {
        if (values.Length <= Width)
        {
            return values;
        }

        return
        [
            .. Enumerable.Range(0, Width).Select(i =>
                values[(i * values.Length / Width)..((i + 1) * values.Length / Width)].Average()),
        ];
    }
}
