using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Weights;
using Inferometer.ModelFiles;
using Inferometer.ModelFiles.Generation;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.Inference.Engine;

/// <content>From files to a running engine.</content>
public sealed partial class InferenceEngine
{
    /// <summary>What the engine would hold in memory for a model, without loading it.</summary>
    /// <param name="path">A <c>.gguf</c> file or a Hugging Face folder.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="InferometerException">The file or the options are not valid.</exception>
    public static MemoryPlan PlanMemory(string path, InferenceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        using var checkpoint = Checkpoint.Open(path);
        return PlanMemory(checkpoint, options);
    }

    /// <summary>What the engine would hold in memory for a model whose files are open, without loading it.</summary>
    /// <param name="checkpoint">The files.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="InferometerException">The files or the options are not valid.</exception>
    public static MemoryPlan PlanMemory(Checkpoint checkpoint, InferenceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        options ??= new InferenceOptions();
        options.Validate();
        using Checkpoint? draft = OpenDraft(options);
        return PlanMemory(checkpoint, draft, options);
    }

    /// <summary>
    /// Why <see cref="Load(Checkpoint, InferenceOptions?, IProgress{LoadProgress}?, CancellationToken, Action{MemoryPlan}?)"/> would refuse
    /// a model, without reading its weights: a network or a storage format there is no code for, a tensor missing or of the wrong shape, a
    /// tokenizer that cannot be read, too little memory. Only weights that are not finite are found by loading alone.
    /// </summary>
    /// <param name="checkpoint">The model's files; they stay open.</param>
    /// <param name="options">What it would be loaded with; null for the defaults.</param>
    /// <returns>The message of the refusal; null where the model would be loaded.</returns>
    public static string? Explain(Checkpoint checkpoint, InferenceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        try
        {
            _ = Plan(checkpoint, null, options ?? new InferenceOptions());
            ModelSupport.Require(checkpoint);
            return null;
        }
        catch (InferometerException refusal)
        {
            return refusal.Message;
        }
    }

    /// <summary>Loads a model and starts an engine over it.</summary>
    /// <param name="path">A <c>.gguf</c> file or a Hugging Face folder.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Told of every layer, from the calling thread.</param>
    /// <param name="cancellationToken">Stops between layers.</param>
    /// <exception cref="InferometerException">The files or options are not valid, or the plan does not fit into free memory.</exception>
    public static InferenceEngine Load(
        string path, InferenceOptions? options = null, IProgress<LoadProgress>? progress = null,
            CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Load(Checkpoint.Open(path), options, progress, cancellationToken);
    }

    /// <summary>
    /// Loads a model whose files are open and starts an engine over it. The engine owns them from here on, also when this throws.
    /// </summary>
    /// <param name="checkpoint">The files.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Told of every layer, from the calling thread.</param>
    /// <param name="cancellationToken">Stops between layers.</param>
    /// <param name="planned">Told what will be held in memory before it is asked whether that fits; null = nobody is told.</param>
    /// <exception cref="InferometerException">The files or options are not valid, or the plan does not fit into free memory.</exception>
    public static InferenceEngine Load(
        Checkpoint checkpoint, InferenceOptions? options = null, IProgress<LoadProgress>? progress = null,
        CancellationToken cancellationToken = default, Action<MemoryPlan>? planned = null)
    {
        return LoadReplicas(checkpoint, replicas: 1, options, progress, cancellationToken, planned)[0];
    }

    /// <summary>Everything that is read and refused before weights are.</summary>
    private static (MemoryPlan Plan, Tokenizer Tokenizer, SamplingDefaults Sampling) Plan(
        Checkpoint checkpoint, Checkpoint? draft, InferenceOptions options, Action<MemoryPlan>? planned = null, int replicas = 1)
    {
        MemoryPlan plan = PlanMemory(checkpoint, draft, options, replicas);
        planned?.Invoke(plan);
        plan.RequireFit();
        RequireSameVocabulary(checkpoint, draft);
        return (plan, checkpoint.Tokenizer, checkpoint.SamplingDefaults);
    }

    private static MemoryPlan PlanMemory(Checkpoint checkpoint, Checkpoint? draft, InferenceOptions options, int replicas = 1)
    {
        ModelSupport.Require(checkpoint.Architecture);
        options.Device?.Require(checkpoint.Architecture, options);
        if (options.KvCompression is { } setting
            && checkpoint.Architecture.Layers.FirstOrDefault(layer => layer.Mixer is not AttentionMixer { ReusesCache: false })
                is { } other)
        {
            throw new InferometerException(
                $"{checkpoint.Path}: the cache setting '{setting.Name}' stores keys and values of heads; this model "
                    + $"('{checkpoint.Architecture.ModelType}') has layers of {KindOf(other.Mixer)}. "
                    + "Leave the setting out.");
        }

        if (checkpoint.Architecture.IsEncoder && options.KvCompression is { } kept)
        {
            throw new InferometerException(
                $"{checkpoint.Path}: the cache setting '{kept.Name}' is about keys and values that are kept; this model "
                    + $"('{checkpoint.Architecture.ModelType}') is an encoder, of which nothing is. Leave the setting out.");
        }

        if (options.Speculation is not null)
        {
            ModelSupport.RequireHead(checkpoint.Architecture);
        }

        RequireNoStates(checkpoint.Architecture, options.Speculation is not null, "speculative decoding takes back");
        if (draft is not null)
        {
            ModelSupport.Require(draft.Architecture);
            ModelSupport.RequireHead(draft.Architecture);
            options.Device?.Require(draft.Architecture, options);
            RequireNoStates(draft.Architecture, refused: true, "a draft model takes back");
        }

        (ModelArchitecture, long)? small = draft is null ? null : (draft.Architecture, draft.StoredBytes);
        return MemoryPlan.Make(
            checkpoint.Architecture, checkpoint.StoredBytes, options, options.Device?.FreeBytes ?? FreeMemory.Bytes(), small, replicas) with
        { Source = checkpoint.Path };
    }

    private static string KindOf(TokenMixer? mixer) => mixer switch
    {
        null => "no attention",
        AttentionMixer => "attention over the cache of others",
        _ => mixer.GetType().Name,
    };

    /// <summary>What a layer with a state has seen cannot be taken back, nor stored as keys and values are.</summary>
    private static void RequireNoStates(ModelArchitecture architecture, bool refused, string what)
    {
        if (refused && PagedKvCache.BytesPerState(architecture) > 0)
        {
            throw new InferometerException(
                $"{architecture.Source ?? architecture.Name}: {what} keys and values alone, but this model "
                    + $"('{architecture.ModelType}') has layers that keep a state instead. Leave the setting out for it.");
        }
    }

    private static Checkpoint? OpenDraft(InferenceOptions options) =>
        options.Speculation?.DraftModelPath is { } path ? Checkpoint.Open(path) : null;

    /// <summary>A runner over a model; when its cache cannot be made, the model is disposed of.</summary>
    private static CpuModelRunner Runner(TransformerModel model, Func<KvCache> createCache)
    {
        try
        {
            return new CpuModelRunner(model, createCache());
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Tokens are compared, not counted: models of a family have different numbers of rows, and some of them tokens that came later. Those
    /// the draft model does not know it never proposes; but it must have a row for each, since it is given what the model chose.
    /// </summary>
    private static void RequireSameVocabulary(Checkpoint model, Checkpoint? draft)
    {
        if (draft is null)
        {
            return;
        }

        Tokenizer all = model.Tokenizer, drafting = draft.Tokenizer;
        int rows = draft.Architecture.VocabularySize;
        Require(
            all.UsedSize <= rows,
            $"{draft.Path}: the draft model has rows for {rows} tokens, the model has {all.UsedSize} tokens; a draft model needs the "
                + "same vocabulary.");
        for (int id = 0; id < Math.Min(all.UsedSize, drafting.UsedSize); id++)
        {
            if (drafting.KindOf(id) != TokenKind.Unused && all.KindOf(id) != TokenKind.Unused
                && !drafting.TokenBytes(id).SequenceEqual(all.TokenBytes(id)))
            {
                throw new InferometerException(
                    $"{draft.Path}: token {id} of the draft model is '{drafting.TokenText(id)}', of the model '{all.TokenText(id)}'; a "
                        + "draft model needs the same vocabulary.");
            }
        }
    }

    private static LoadOptions LoadOptionsOf(InferenceOptions options, Checkpoint files) => new()
    {
        Threads = options.Threads,
        ContextTokens = Math.Min(options.MaxSequenceTokens, files.Architecture.MaxContextTokens),
        RepackingSteps = FreeMemory.Bytes() >= 2 * files.StoredBytes ? options.RepackingSteps : 0,
        CheckWeights = options.CheckWeights,
        RepackedFile = options.RepackedFile,
        Forward = options.ToForwardOptions(),
    };
}
