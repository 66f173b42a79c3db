using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Cpu.Kernels.Matrices;
using Inferometer.Cpu.Threading;

namespace Inferometer.Benchmarks.Kernels;

/// <summary>
/// Every tier of the kernels beside plain code, in one run: <c>kernels-tiers [types]</c>. A tier is a child process without the wider
/// instructions; all take turns, format by format, on one thread and one matrix that the caches hold, and the best of all rounds counts.
/// </summary>
internal static class TierReport
{
    private const int Rows = 1024;
    private const int Columns = 2048;
    private const int PromptTokens = 64;
    private const int Rounds = 2;
    private const string ChildVerb = "--tier";

    private static readonly GgmlType[] s_types =
    [
        GgmlType.Q8_0, GgmlType.Q4_0, GgmlType.Q5_1, GgmlType.Q4_K, GgmlType.Q6_K, GgmlType.Q3_K, GgmlType.IQ4_XS, GgmlType.MXFP4,
        GgmlType.F16, GgmlType.F32,
    ];

    // From wide to none, named by what is left; a setting that switches off what the processor lacks changes nothing.
    private static readonly (string Name, string Setting)[] s_tiers =
    [
        ("all", "DOTNET_EnableHWIntrinsic=1"), ("256 bits", "DOTNET_EnableAVX512=0"), ("128, AVX", "DOTNET_EnableAVX2=0"),
        ("128, SSE", "DOTNET_EnableAVX=0"), ("plain", "DOTNET_EnableHWIntrinsic=0"),
    ];

    /// <summary>Prints the report, or one tier's lines of it in a child process.</summary>
    public static void Run(string[] args)
    {
        if (args is [ChildVerb, .. string[] names])
        {
            Measure([.. names.Select(n => Enum.Parse<GgmlType>(n, ignoreCase: true))]);
            return;
        }

        GgmlType[] types = args is [string list] ? [.. list.Split(',').Select(n => Enum.Parse<GgmlType>(n, ignoreCase: true))] : s_types;
        (string Name, string Setting)[] tiers =
            RuntimeInformation.ProcessArchitecture == Architecture.X64 ? s_tiers : [s_tiers[0], s_tiers[^1]];
        Dictionary<(string Row, string Tier), double> best = [];
        List<string> rows = [];
        for (int round = 0; round < Rounds; round++)
        {
            foreach (GgmlType type in types)
            {
                foreach ((string name, string setting) in tiers)
                {
                    foreach ((string row, double seconds) in Child(setting, type))
                    {
                        best[(row, name)] = Math.Min(seconds, best.GetValueOrDefault((row, name), double.MaxValue));
                        if (!rows.Contains(row, StringComparer.Ordinal))
                        {
                            rows.Add(row);
                        }
                    }
                }
            }
        }

        Console.WriteLine(
            $"one thread, {Rows} x {Columns}, microseconds, and how many times faster than plain code; best of {Rounds} rounds");
        Console.WriteLine($"| kernel | {string.Join(" | ", tiers.Select(t => t.Name))} |");
        Console.WriteLine($"| --- |{string.Concat(tiers.Select(_ => " ---: |"))}");
        foreach (string row in rows.Order(StringComparer.Ordinal))
        {
            double plain = best[(row, tiers[^1].Name)];
            Console.WriteLine($"| {row} | {string.Join(" | ", tiers.Select(t => Cell(best[(row, t.Name)], plain)))} |");
        }
    }

    private static string Cell(double seconds, double plain) =>
        string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e6:F0} ({plain / seconds:F1}x)");

    private static List<(string Row, double Seconds)> Child(string setting, GgmlType type)
    {
        string[] pair = setting.Split('=');
        ProcessStartInfo start = new("dotnet")
        {
            ArgumentList = { typeof(TierReport).Assembly.Location, "kernels-tiers", ChildVerb, type.ToString() },
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        start.Environment[pair[0]] = pair[1];
        using Process child = Process.Start(start)!;
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        return child.ExitCode == 0
            ? [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t'))
                .Select(parts => (parts[0], double.Parse(parts[1], CultureInfo.InvariantCulture)))]
            : throw new InvalidOperationException($"the tier {setting} ended with status {child.ExitCode}");
    }

    private static void Measure(GgmlType[] types)
    {
        using WorkerPool pool = new(1);
        using MatrixMultiplier multiplier = new(pool);
        float[] x = new float[PromptTokens * Columns], y = new float[PromptTokens * Rows];
        Random random = new(1);
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = random.NextSingle() - 0.5f;
        }

        foreach (GgmlType type in types)
        {
            using SyntheticWeights weights = new(type, Rows, Columns, 1, pool);
            Print($"{type} one token", () => multiplier.Multiply(x, 1, weights.Matrices[0], y));
            Print($"{type} {PromptTokens} tokens", () => multiplier.Multiply(x, PromptTokens, weights.Matrices[0], y));
        }

        if (!types.Contains(GgmlType.F16))
        {
            return; // attention is measured once, beside the numbers it reads
        }

        using AttentionFixture decode = new(pool, 512, 1, KvElement.F16);
        using AttentionFixture prompt = new(pool, 512, PromptTokens, KvElement.F16);
        Print("attention F16 over 512, one token", decode.Flash);
        Print($"attention F16 over 512, {PromptTokens} tokens", prompt.Flash);
    }

    private static void Print(string row, Action action) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{row}\t{Best(action):R}"));

    private static double Best(Action action)
    {
        action();
        double best = double.MaxValue;
        long start = Stopwatch.GetTimestamp();
        do
        {
            long pass = Stopwatch.GetTimestamp();
            action();
            best = Math.Min(best, Stopwatch.GetElapsedTime(pass).TotalSeconds);
        }
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < 0.25);
        return best;
    }
}
