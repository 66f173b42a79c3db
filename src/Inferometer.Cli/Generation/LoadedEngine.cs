using System.Diagnostics;
using Inferometer.Cli.Models;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Cpu.Kernels.Emitted;
using Inferometer.Cpu.Weights;
using Inferometer.Inference.Engine;
using Inferometer.Runners;

namespace Inferometer.Cli.Generation;

/// <summary>An engine that was loaded for a command, with the time that took.</summary>
/// <param name="Engine">The engine; disposed with this.</param>
/// <param name="Location">The model's file or folder.</param>
/// <param name="Adapter">Adapter for every request, or null.</param>
/// <param name="LoadSeconds">From opening the files to an engine that waits for requests.</param>
internal sealed record LoadedEngine(InferenceEngine Engine, ModelLocation Location, IModelAdapter? Adapter, double LoadSeconds)
    : IDisposable
{
    /// <summary>Further engines over the same weights; disposed with this.</summary>
    public IReadOnlyList<InferenceEngine> Replicas { get; private init; } = [];

    /// <summary>Loads a model and its adapter, saying how far it has come when that takes long.</summary>
    /// <param name="printer">Progress, and the plan when <paramref name="verbose"/>.</param>
    /// <param name="location">The model.</param>
    /// <param name="options">The engine's configuration.</param>
    /// <param name="lora">The adapter's path and scale, or null.</param>
    /// <param name="verbose">Print the memory plan before loading.</param>
    /// <param name="cancellationToken">Stops between layers.</param>
    /// <param name="replicas">Engines over the same weights.</param>
    public static LoadedEngine Load(
        Printer printer, ModelLocation location, InferenceOptions options, (string Path, double Scale)? lora, bool verbose,
        CancellationToken cancellationToken, int replicas = 1)
    {
        long start = Stopwatch.GetTimestamp();
        using ShareProgress progress = new(printer, "loading " + location.Name);
        IReadOnlyList<InferenceEngine> engines = InferenceEngine.LoadReplicas(
            location.Files, replicas, options,
            progress.From<LoadProgress>(p => ((double)p.LoadedBytes / Math.Max(1, p.TotalBytes), p.Stage)),
            cancellationToken, verbose ? Explain : null);
        InferenceEngine engine = engines[0];
        try
        {
            RepackedFileOption.Explain(printer, engine.RepackedFile);
            if (options.Device is null && EmittedKernels.Refusal is { } refusal)
            {
                printer.Error.WriteLine("note: " + refusal);
            }

            IModelAdapter? adapter = lora is { } file ? engine.LoadAdapter(file.Path, file.Scale) : null;
            return new LoadedEngine(engine, location, adapter, Stopwatch.GetElapsedTime(start).TotalSeconds)
            {
                Replicas = [.. engines.Skip(1)],
            };
        }
        catch
        {
            foreach (InferenceEngine each in engines)
            {
                each.Dispose();
            }

            throw;
        }

        void Explain(MemoryPlan plan)
        {
            printer.Error.WriteLine(location.Name);
            printer.Error.WriteLine(plan.ToString());
            printer.Error.WriteLine();
        }
    }

    /// <summary>Tokens of a request's prompt.</summary>
    public int CountTokens(GenerationRequest request) => request.Prompt is null
        ? request.PromptTokens.Length
        : Engine.Tokenizer.EncodePrompt(request.Prompt, request.AddSpecialTokens, request.ParseSpecialTokens).Length;

    public void Dispose()
    {
        foreach (InferenceEngine replica in Replicas)
        {
            replica.Dispose();
        }

        Engine.Dispose();
    }
}
