using System.Diagnostics;
using System.Globalization;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;

namespace Inferometer.Benchmarks.Generation;

/// <summary>
/// How long a program that runs once waits for its first and its last text, with weights that are repacked when they are loaded and while
/// they are used, each in a process of its own, in turn. Verb <c>start MODEL [tokens]</c>; <c>start-once</c> is one of the processes.
/// </summary>
internal static class StartReport
{
    private const int Rounds = 3;

    private static readonly (string Name, int Steps)[] Ways = [("at load", 0), ("in the second step", 1), ("over four steps", 4)];

    public static void Run(string model, int tokens)
    {
        Console.WriteLine(
            $"{Path.GetFileName(model)}, {Environment.ProcessorCount} processors, {tokens} tokens; s from the start of the process");
        List<double[]>[] times = [.. Ways.Select(_ => new List<double[]>())];
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < Ways.Length; i++)
            {
                times[i].Add(Once(model, Ways[i].Steps, tokens));
            }
        }

        Console.WriteLine($"{"repacked",-20}{"loaded",-20}{"first text",-20}last text");
        for (int i = 0; i < Ways.Length; i++)
        {
            string Rounded(int place) => string.Join(", ", times[i].Select(t => t[place].ToString("0.00", CultureInfo.InvariantCulture)));
            Console.WriteLine($"{Ways[i].Name,-20}{Rounded(0),-20}{Rounded(1),-20}{Rounded(2)}");
        }
    }

    /// <summary>
    /// One process: prints when the model was loaded and when its first and last text came, seconds from the process's start.
    /// </summary>
    public static async Task RunOnceAsync(string model, int steps, int tokens)
    {
        DateTime start = Process.GetCurrentProcess().StartTime;
        double Elapsed() => (DateTime.Now - start).TotalSeconds;
        await using InferenceEngine engine = InferenceEngine.Load(model, new InferenceOptions { RepackingSteps = steps });
        double loaded = Elapsed();
        double? first = null;
        GenerationRequest request = new()
        {
            Prompt = "Once upon a time",
            MaxNewTokens = tokens,
            Sampling = SamplingOptions.Greedy with { IgnoreEndOfGeneration = true },
        };
        await foreach (GenerationUpdate update in engine.StreamAsync(request))
        {
            first ??= update.TokenId is null ? null : Elapsed();
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{loaded} {first} {Elapsed()}"));
    }

    private static double[] Once(string model, int steps, int tokens)
    {
        string program = typeof(StartReport).Assembly.Location;
        string[] words = [program, "start-once", model, FormattableString.Invariant($"{steps}"), FormattableString.Invariant($"{tokens}")];
        ProcessStartInfo start = new("dotnet", words) { RedirectStandardOutput = true, UseShellExecute = false };
        using Process child = Process.Start(start)!;
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        return child.ExitCode == 0
            ? [.. output.Split(' ').Select(word => double.Parse(word, CultureInfo.InvariantCulture))]
            : throw new InvalidOperationException($"a process ended with {child.ExitCode}");
    }
}
