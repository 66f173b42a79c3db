using System.Buffers;
using System.Numerics.Tensors;
using Inferometer.Core.Models;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Cpu.Kernels.Elementwise;
using Inferometer.Cpu.Kernels.Matrices;
using Inferometer.Cpu.Lora;
using Inferometer.Cpu.Rotary;
using Inferometer.Cpu.Threading;
using Inferometer.Cpu.Weights;
using Inferometer.ModelFiles;
using Inferometer.Runners;

namespace Inferometer.Cpu.Execution;

/// <summary>
/// A transformer in memory, decoder or encoder, ready to run steps on the CPU. Holds no state of any sequence: that is in the
/// <see cref="KvCache"/> a step is given. One step at a time; loading, statistics and properties may be used from any thread.
/// </summary>
public sealed class TransformerModel : IModelLoader, IDisposable
{
    private readonly LoadedModel _loaded;
    private readonly WorkerPool _pool;
    private readonly StepContext _step;
    private readonly CacheAttention _cacheAttention;
    private readonly AttentionBlock _attention;
    private readonly LatentAttentionBlock? _latent;
    private readonly RecurrentBlock? _recurrence;
    private readonly LayerInputStage? _inputs;
    private readonly UpdateStage? _updates;
    private readonly Action<int> _embedRow;
    private readonly Action<int> _finalNormRow;
    private readonly KvPageLayout[] _cacheLayouts;
    private float[] _finalRows = [];
    private int _running;

    private TransformerModel(LoadedModel loaded, WorkerPool pool, ForwardOptions options)
    {
        _loaded = loaded;
        _pool = pool;
        Options = options;
        _step = new StepContext(loaded.Architecture, pool);
        _cacheAttention = new CacheAttention(_step, options, Statistics);
        _attention = new AttentionBlock(_step, loaded, _cacheAttention);
        _latent = loaded.Weights.Layers.Any(layer => layer.Latent is not null)
            ? new LatentAttentionBlock(_step, loaded, _cacheAttention)
            : null;
        _recurrence = loaded.Weights.Layers.Any(layer => layer.Recurrence is not null)
            ? new RecurrentBlock(_step, loaded.Architecture)
            : null;
        _inputs = loaded.Weights.Inputs is { } inputs ? new LayerInputStage(_step, loaded.Architecture, inputs) : null;
        _updates = loaded.Architecture.Updates is not null ? new UpdateStage(_step, loaded.Architecture, loaded.Weights) : null;
        _cacheLayouts = KvCache.Layouts(loaded.Architecture, KvElement.F32, options.GroupedHeads);
        _embedRow = EmbedRow;
        _finalNormRow = FinalNormRow;
    }

    /// <summary>What the model is.</summary>
    public ModelArchitecture Architecture => _loaded.Architecture;

    /// <summary>Longest sequence it can run, tokens.</summary>
    public int ContextTokens => _loaded.ContextTokens;

    /// <summary>Switches it runs with.</summary>
    public ForwardOptions Options { get; }

    /// <summary>What it has done so far.</summary>
    public ForwardStatistics Statistics { get; } = new();

    /// <summary>Told of queries, keys and values while steps run; null for none. Set between steps.</summary>
    public IAttentionObserver? Observer { get; set; }

    /// <summary>Told of what each weight is multiplied with while steps run; null for none. Set between steps.</summary>
    public IInputObserver? InputObserver
    {
        get => _step.Inputs;
        set => _step.Inputs = value;
    }

    /// <summary>Bytes of weights in memory, repacked or mapped, each matrix counted once.</summary>
    public long WeightBytes => _loaded.WeightBytes;

    /// <summary>What came of the file of repacked weights beside the model.</summary>
    public RepackedFileReport RepackedFile => _loaded.RepackedFile;

    /// <summary>Bytes of intermediate rows held now; grows to the largest step.</summary>
    public long WorkspaceBytes => _step.Workspace.MemoryBytes;

    /// <summary>Bytes of the attention kernel's working memory held now; grows to the largest step.</summary>
    public long AttentionScratchBytes => _cacheAttention.ScratchBytes;

    /// <summary>Reads a model from a GGUF file or a Hugging Face folder.</summary>
    /// <param name="path">A <c>.gguf</c> file, or a folder with <c>config.json</c> and safetensors.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Told of every layer, from the calling thread.</param>
    /// <param name="cancellationToken">Stops between layers.</param>
    /// <exception cref="Core.InferometerException">The file is damaged, lacks a tensor, or describes a network the engine has no code
    /// for.</exception>
    public static TransformerModel Load(
        string path, LoadOptions? options = null, IProgress<LoadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Load(Checkpoint.Open(path), options, progress, cancellationToken);
    }

    /// <summary>Reads a model whose files are open. It owns them from here on, also when this throws.</summary>
    /// <param name="checkpoint">The files.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Told of every layer, from the calling thread.</param>
    /// <param name="cancellationToken">Stops between layers.</param>
    /// <exception cref="Core.InferometerException">A file is damaged, a tensor is lacking, or the network is one the engine has no code
    /// for.</exception>
    public static TransformerModel Load(
        Checkpoint checkpoint, LoadOptions? options = null, IProgress<LoadProgress>? progress = null,
            CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        options ??= new LoadOptions();
        WorkerPool pool = new(options.Threads > 0 ? options.Threads : Environment.ProcessorCount);
        try
        {
            return new TransformerModel(ModelLoader.Load(checkpoint, options, pool, progress, cancellationToken), pool, options.Forward);
        }
        catch
        {
            pool.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Another model over the same weights, which runs steps beside this one with workers and intermediate rows of its own. Adapters
    /// loaded for one do for the other. The weights stay until both are disposed of, in any order.
    /// </summary>
    /// <param name="threads">Its worker threads; 0 = as many as the machine has processors.</param>
    public TransformerModel Share(int threads = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        return new TransformerModel(_loaded.Share(), new WorkerPool(threads > 0 ? threads : Environment.ProcessorCount), Options);
    }

    /// <summary>Bytes of intermediate rows that a step of <paramref name="tokens"/> tokens needs.</summary>
    public static long RequiredWorkspaceBytes(ModelArchitecture architecture, int tokens)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        return Workspace.RequiredBytes(architecture, tokens);
    }

    /// <summary>Makes a cache in the layout this model's options ask for.</summary>
    /// <param name="blockCount">Blocks in the pool.</param>
    /// <param name="element">Number format of keys and values.</param>
    /// <param name="stateSlots">States at once, of layers that keep one; 0 = one for every block.</param>
    public PagedKvCache CreateCache(int blockCount, KvElement element = KvElement.F16, int stateSlots = 0) =>
        new(Architecture, blockCount, element, Options.GroupedHeads, stateSlots);

    /// <summary>The rotary embedding of a layer; layers with equal ones share the object.</summary>
    public RotaryEmbedding RotaryOf(int layer) => _loaded.EmbeddingOf(layer);

    /// <summary>The attention projections of a layer, decoded from whatever format they are stored in. Allocates four new arrays.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such layer.</exception>
    public AttentionMatrices GetAttentionWeights(int layer)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)layer, (uint)Architecture.LayerCount, nameof(layer));
        AttentionWeights weights = _loaded.Weights.Layers[layer].Attention
            ?? throw new InvalidOperationException($"layer {layer} of {Architecture.Name} is not softmax attention");
        Projection key = weights.Key
            ?? throw new InvalidOperationException($"layer {layer} of {Architecture.Name} has no keys of its own");
        return new AttentionMatrices(Decode(weights.Query), Decode(key), Decode(weights.Value ?? key), Decode(weights.Output));
    }

    /// <summary>Reads a LoRA adapter made for this model: a PEFT folder or a GGUF adapter file.</summary>
    /// <param name="path">The folder or file.</param>
    /// <param name="scale">Factor on what the adapter adds, on top of its own alpha over rank.</param>
    /// <exception cref="Core.InferometerException">The adapter is damaged, changes layers that cannot be adapted, or does not fit the
    /// model's shapes.</exception>
    public LoraAdapter LoadAdapter(string path, double scale = 1)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return LoraLoader.Load(path, _loaded, scale);
    }

    /// <summary>
    /// Runs one step: writes keys and values of all new tokens to <paramref name="cache"/> and the logits of the tokens that asked for
    /// them. Allocates nothing once a step as large has run.
    /// </summary>
    /// <param name="batch">Sequences of the step; prompts' chunks and single tokens may be mixed. An empty batch does nothing.</param>
    /// <param name="cache">Cache whose blocks the slices name; made by <see cref="CreateCache"/>.</param>
    /// <param name="logits">[<see cref="ForwardBatch.LogitRowCount"/>, vocabulary]; rows in the order of the slices and their
    /// tokens.</param>
    /// <param name="hiddenStates">Empty, or [<see cref="ForwardBatch.TokenCount"/>, hidden]: states after the final norm of every
    /// token.</param>
    /// <exception cref="ArgumentException">A span is too short, an index out of range, or the cache has another layout.</exception>
    /// <exception cref="Core.InferometerException">Logits are asked for, and the model has no head that gives them.</exception>
    /// <exception cref="InvalidOperationException">Another step is running.</exception>
    public void Forward(ForwardBatch batch, KvCache cache, Span<float> logits, Span<float> hiddenStates = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(cache);
        if (Interlocked.Exchange(ref _running, 1) != 0)
        {
            throw new InvalidOperationException("this model is running another step; steps run one at a time");
        }

        try
        {
            CheckStep(batch, cache, logits.Length, hiddenStates.Length);
            if (batch.TokenCount > 0)
            {
                // Who reads what the last step computed was woken just now.
                _pool.LetOthersRun();
                Run(batch, cache, logits, hiddenStates);
            }
        }
        finally
        {
            Volatile.Write(ref _running, 0);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _pool.Dispose();
        _cacheAttention.Dispose();
        _latent?.Dispose();
        _step.Dispose();
        _loaded.Dispose();
    }

    private static float[] Decode(Projection projection)
    {
        int columns = projection.Matrix.Columns;
        float[] values = new float[projection.Matrix.Rows * columns];
        for (int row = 0; row < projection.Matrix.Rows; row++)
        {
            projection.Matrix.DecodeRow(row, values.AsSpan(row * columns, columns));
        }

        return values;
    }

    private void CheckStep(ForwardBatch batch, KvCache cache, int logitsLength, int hiddenLength)
    {
        if (!cache.Holds(_cacheLayouts))
        {
            throw new ArgumentException("the cache was made for another model, or with other grouping of heads", nameof(cache));
        }

        if (batch.LogitRowCount > 0)
        {
            ModelSupport.RequireHead(Architecture);
        }

        if (logitsLength < (long)batch.LogitRowCount * Architecture.VocabularySize)
        {
            throw new ArgumentException(
                $"{batch.LogitRowCount} rows of {Architecture.VocabularySize} logits do not fit into {logitsLength} numbers",
                nameof(batch));
        }

        if (hiddenLength != 0 && hiddenLength < (long)batch.TokenCount * Architecture.HiddenSize)
        {
            throw new ArgumentException(
                $"{batch.TokenCount} states of width {Architecture.HiddenSize} do not fit into {hiddenLength} numbers", nameof(batch));
        }

        for (int i = 0; i < batch.Count; i++)
        {
            if (batch[i].Adapter is { } adapter && !(adapter is LoraAdapter mine && ReferenceEquals(mine.Owner, _loaded.Weights)))
            {
                throw new ArgumentException($"adapter '{adapter.Name}' of sequence {i} was loaded for another model", nameof(batch));
            }

            if (Architecture.IsEncoder && batch[i].PastTokens > 0)
            {
                throw new ArgumentException(
                    $"sequence {i} goes on behind {batch[i].PastTokens} tokens; an encoder computes a text whole", nameof(batch));
            }
        }
    }

    private void Run(ForwardBatch batch, KvCache cache, Span<float> logits, Span<float> hiddenStates)
    {
        StepLayout layout = _step.Layout;
        layout.Set(batch, Architecture.VocabularySize, ContextTokens, cache.BlockCount, Architecture.TokenTypes);
        Workspace work = _step.Workspace;
        work.Reserve(batch.TokenCount);
        cache.States?.BeginStep(batch);
        cache.BeginStep(batch);
        _attention.BeginStep(cache, Observer);
        _latent?.BeginStep(cache);
        _recurrence?.BeginStep(cache.States!);
        _step.ForEachRow(_embedRow, batch.TokenCount);
        _inputs?.BeginStep();
        _updates?.BeginStep();
        for (int index = 0; index < _loaded.Weights.Layers.Length; index++)
        {
            RunLayer(index);
        }

        _updates?.EndStep();
        cache.EndStep(batch, _pool);
        cache.States?.EndStep(batch);
        if (!hiddenStates.IsEmpty)
        {
            _step.Norm(work.Residual, _loaded.Weights.FinalNorm, work.Normed);
            work.Normed.AsSpan(0, batch.TokenCount * Architecture.HiddenSize).CopyTo(hiddenStates);
        }

        WriteLogits(batch.LogitRowCount, logits);
        Statistics.CountStep(batch.TokenCount);
    }

    private void RunLayer(int index)
    {
        LayerArchitecture layer = Architecture.Layers[index];
        LayerWeights weights = _loaded.Weights.Layers[index];
        Workspace work = _step.Workspace;

        // Side by side, both parts read what the residual stream was before either.
        bool isParallel = Architecture.ParallelBlocks;
        _updates?.Predict(weights.Updates!);
        bool ownInput = isParallel && weights.FeedForwardNorm is not null;
        if (ownInput)
        {
            _step.Norm(work.Residual, weights.FeedForwardNorm, work.FeedForwardInput);
        }

        _step.Norm(work.Residual, weights.AttentionNorm, work.Normed);
        _updates?.RunBranch();
        if (weights.Attention is { } attention)
        {
            _attention.Run(index, (AttentionMixer)layer.Mixer!, attention);
        }
        else if (weights.Latent is { } latent)
        {
            _latent!.Run(index, (LatentAttentionMixer)layer.Mixer!, latent);
        }
        else
        {
            _recurrence!.Run(index, layer.Mixer!, weights.Recurrence!);
        }

        Join(weights.PostAttentionNorm);
        if (layer.FeedForward is null)
        {
            return;
        }

        _updates?.JoinBranch();
        if (ownInput)
        {
            work.FeedForwardInput.AsSpan(0, _step.TokenCount * Architecture.HiddenSize).CopyTo(work.Normed);
        }
        else if (!isParallel)
        {
            _step.Norm(work.Residual, weights.FeedForwardNorm, work.Normed);
        }

        FeedForwardBlock.Run(_step, layer, weights);
        Join(weights.PostFeedForwardNorm);
        if (_updates is not null)
        {
            _updates.Correct(index, weights, _inputs);
        }
        else if (_inputs is not null)
        {
            _inputs.Run(index, weights.Input!, work.Residual);
            _step.JoinResidual(weights.Input!.Norm);
        }

        if (weights.Scale != 1)
        {
            Span<float> residual = work.Residual.AsSpan(0, _step.TokenCount * Architecture.HiddenSize);
            TensorPrimitives.Multiply(residual, weights.Scale, residual);
        }
    }

    // The norm is of what a block gives, or of the stream that it has joined.
    private void Join(NormWeights? norm)
    {
        if (!Architecture.NormAfterResidual)
        {
            _step.JoinResidual(norm);
            return;
        }

        _step.JoinResidual(null);
        _step.Norm(_step.Workspace.Residual, norm, _step.Workspace.Residual);
    }

    private void EmbedRow(int row)
    {
        Span<float> target = _step.Workspace.Residual.AsSpan(row * Architecture.HiddenSize, Architecture.HiddenSize);
        _loaded.Weights.Embedding.DecodeRow(_step.Layout.Tokens[row], target);
        if (Architecture.EmbeddingScale != 1)
        {
            TensorPrimitives.Multiply(target, (float)Architecture.EmbeddingScale, target);
        }

        if (_loaded.Weights.Positions is { } positions)
        {
            AddRow(positions, Architecture.FirstPositionRow + _step.Layout.Positions[row], target);
        }

        if (_loaded.Weights.TokenTypes is { } types)
        {
            AddRow(types, _step.Layout.Segments[row], target);
        }

        _loaded.Weights.EmbeddingNorm?.Apply(target, (float)Architecture.NormEpsilon, target);
    }

    // Row by row on several threads: the room for the decoded row must be each one's own.
    private static void AddRow(WeightMatrix table, int row, Span<float> target)
    {
        float[] decoded = ArrayPool<float>.Shared.Rent(target.Length);
        Span<float> values = decoded.AsSpan(0, target.Length);
        table.DecodeRow(row, values);
        TensorPrimitives.Add(target, values, target);
        ArrayPool<float>.Shared.Return(decoded);
    }

    // Only rows that get logits pass the final norm and the head, which for prompts is a large part of the work saved.
    private void WriteLogits(int rows, Span<float> logits)
    {
        if (rows == 0)
        {
            return;
        }

        if (_finalRows.Length < rows * Architecture.HiddenSize)
        {
            _finalRows = new float[rows * Architecture.HiddenSize];
        }

        _step.ForEachRow(_finalNormRow, rows);
        Projection head = _loaded.Weights.Head!;
        Span<float> values = logits[..(rows * Architecture.VocabularySize)];
        _step.Multiplier.Multiply(_finalRows, rows, head.Matrix, values);
        FinishLogits(values, head.Bias);
    }

    private void FinalNormRow(int row)
    {
        int hidden = Architecture.HiddenSize;
        _loaded.Weights.FinalNorm!.Apply(
            _step.Workspace.Residual.AsSpan(_step.Layout.LogitTokens[row] * hidden, hidden), (float)Architecture.NormEpsilon,
            _finalRows.AsSpan(row * hidden, hidden));
    }

    private void FinishLogits(Span<float> logits, float[]? bias)
    {
        if (bias is not null)
        {
            VectorAdd.AddBias(bias, logits);
        }

        if (Architecture.LogitScale != 1)
        {
            TensorPrimitives.Multiply(logits, (float)Architecture.LogitScale, logits);
        }

        if (Architecture.FinalLogitSoftcap > 0)
        {
            Softcap.Apply(logits, (float)Architecture.FinalLogitSoftcap);
        }
    }
}
