using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.Core.Models;
using Inferometer.Core.Models.HuggingFace;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Weights;
using Inferometer.ModelFiles.Formats;
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
        ArgumentException.ThrowIfNullOrEmpty(path);
        return PlanMemory(path, ReadArchitecture(path), options ?? new InferenceOptions());
    }

    private static MemoryPlan PlanMemory(string path, ModelArchitecture architecture, InferenceOptions options)
    {
        options.Validate();
        (ModelArchitecture, long)? draft = options.Speculation?.DraftModelPath is { } draftPath ? (ReadArchitecture(draftPath), StoredBytes(draftPath)) : null;
        return MemoryPlan.Make(architecture, StoredBytes(path), options, FreeMemory.Bytes(), draft) with { Source = path };
    }

    /// <summary>Loads a model and starts an engine over it.</summary>
    /// <param name="path">A <c>.gguf</c> file or a Hugging Face folder.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Told of every layer, from the calling thread.</param>
    /// <param name="cancellationToken">Stops between layers.</param>
    /// <exception cref="InferometerException">The files or options are not valid, or the plan does not fit into free memory.</exception>
    public static InferenceEngine Load(
        string path, InferenceOptions? options = null, IProgress<LoadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= new InferenceOptions();
        ArgumentException.ThrowIfNullOrEmpty(path);
        ModelArchitecture architecture = ReadArchitecture(path);
        MemoryPlan plan = PlanMemory(path, architecture, options);
        plan.RequireFit();
        Tokenizer tokenizer = LoadTokenizer(path);
        var sampling = SamplingDefaults.Read(path);
        TransformerModel model = TransformerModel.Load(path, LoadOptionsOf(options, architecture), progress, cancellationToken);
        TransformerModel? draft = null;
        try
        {
            if (options.Speculation?.DraftModelPath is { } draftPath)
            {
                draft = LoadDraft(draftPath, options, model, progress, cancellationToken);
            }

            KvCache cache = options.KvCompression?.CreateCache(model, plan.BlockCount, options.MaxBatchSize, plan.StepTokens)
                ?? model.CreateCache(plan.BlockCount, options.KvElement);
            CpuModelRunner? draftRunner = draft is null ? null : new CpuModelRunner(draft, draft.CreateCache(plan.BlockCount, options.KvElement));
            return new InferenceEngine(new CpuModelRunner(model, cache), tokenizer, options, plan, draftRunner)
            {
                SamplingDefaults = sampling,
                RepackedFile = model.RepackedFile,
            };
        }
        catch
        {
            draft?.Dispose();
            model.Dispose();
            throw;
        }
    }

    private static TransformerModel LoadDraft(
        string path, InferenceOptions options, TransformerModel model, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        ModelArchitecture architecture = ReadArchitecture(path);
        if (architecture.VocabularySize != model.Architecture.VocabularySize)
        {
            throw new InferometerException(
                $"{path}: the draft model has {architecture.VocabularySize} tokens, the model {model.Architecture.VocabularySize}; a draft model needs the same vocabulary.");
        }

        return TransformerModel.Load(path, LoadOptionsOf(options, model.Architecture), progress, cancellationToken);
    }

    private static LoadOptions LoadOptionsOf(InferenceOptions options, ModelArchitecture architecture) => new()
    {
        Threads = options.Threads,
        ContextTokens = Math.Min(options.MaxSequenceTokens, architecture.MaxContextTokens),
        CheckWeights = options.CheckWeights,
        RepackedFile = options.RepackedFile,
        Forward = options.ToForwardOptions(),
    };

    private static ModelArchitecture ReadArchitecture(string path) =>
        IsGguf(path) ? GgufArchitectureReader.Read(path) : HuggingFaceConfigReader.Read(path);

    private static Tokenizer LoadTokenizer(string path) =>
        IsGguf(path) ? GgufTokenizer.Load(GgufHeader.Read(path)) : HuggingFaceTokenizer.Load(path);

    private static bool IsGguf(string path) => !Directory.Exists(path) && ModelFile.IsGguf(path);

    private static long StoredBytes(string path) => IsGguf(path)
        ? new FileInfo(path).Length
        : new DirectoryInfo(path).EnumerateFiles("*.safetensors").Sum(file => file.Length);
}
