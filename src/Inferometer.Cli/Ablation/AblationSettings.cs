using System.Globalization;
using Inferometer.Cli.Models;
using Inferometer.Core.Deployments;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Inference.Engine;

namespace Inferometer.Cli.Ablation;

/// <summary>What <c>bench --ablate</c> is to run.</summary>
/// <param name="Model">The model.</param>
/// <param name="Workload">Requests and their lengths.</param>
/// <param name="Rounds">Times each configuration runs.</param>
/// <param name="Threads">Worker threads.</param>
/// <param name="Element">Number format of cached keys and values.</param>
/// <param name="WarmUp">How long each process warms up, at least one run.</param>
internal sealed record AblationSettings(ModelLocation Model, Workload Workload, int Rounds, int Threads, KvElement Element, TimeSpan WarmUp)
{
    /// <summary>The engine's options, with everything on.</summary>
    public InferenceOptions Options => new() { Threads = Threads, KvElement = Element };

    /// <summary>The command line of a process that runs one configuration once and prints its figures.</summary>
    /// <param name="configuration">Name of the configuration.</param>
    public IEnumerable<string> CommandLineFor(string configuration) =>
    [
        "bench", Model.Path, "--ablate", "--configuration", configuration,
        "-p", Text(Workload.InputTokens), "-n", Text(Workload.OutputTokens), "-b", Text(Workload.BatchSize), "--shared", Text(Workload.CachedPrefixTokens),
        "-t", Text(Threads), "--kv", Element.ToString().ToLowerInvariant(), "--warm-up", WarmUp.TotalSeconds.ToString(CultureInfo.InvariantCulture),
    ];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
