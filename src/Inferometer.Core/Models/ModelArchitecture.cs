using Inferometer.Core.Deployments;
using Inferometer.Core.Weights;

namespace Inferometer.Core.Models;

/// <summary>
/// What a Hugging Face <c>config.json</c> or a GGUF header says of a network: enough to count its parameters exactly,
/// to cost a step of it, and to run it. Immutable; safe to share between threads.
/// </summary>
public sealed record ModelArchitecture
{
    /// <summary>Name people use, such as <c>meta-llama/Llama-3.1-8B</c>.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// The <c>model_type</c> of config.json or <c>general.architecture</c> of GGUF, such as <c>llama</c> or <c>qwen3_moe</c>.
    /// </summary>
    public required string ModelType { get; init; }

    /// <summary>False when <see cref="ModelType"/> was not known and the usual fields were taken at face value; tools say so.</summary>
    public bool IsKnownFamily { get; init; } = true;

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Rows of the embedding table and of the LM head.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Longest context the model was made for, tokens.</summary>
    public required int MaxContextTokens { get; init; }

    /// <summary>
    /// The layers from bottom to top. Equal layers are the same object or equal by value, so that costs can be computed once per distinct
    /// layer.
    /// </summary>
    public required EquatableList<LayerArchitecture> Layers { get; init; }

    /// <summary>
    /// Tokens see those behind them as well as those before (BERT): a text is computed whole, and nothing of it is kept for later.
    /// </summary>
    public bool IsEncoder { get; init; }

    /// <summary>
    /// A head gives logits of tokens. False where the network ends with its states, which become vectors or scores: encoders, and decoders
    /// that were published as models or classifiers of sequences.
    /// </summary>
    public bool HasHead { get; init; } = true;

    /// <summary>The LM head reuses the embedding table.</summary>
    public bool TiedEmbeddings { get; init; }

    /// <summary>The LM head has a bias.</summary>
    public bool LmHeadBias { get; init; }

    /// <summary>Kind of the normalisation between blocks.</summary>
    public NormKind Norm { get; init; } = NormKind.RmsNorm;

    /// <summary>Epsilon of the normalisation.</summary>
    public double NormEpsilon { get; init; } = 1e-5;

    /// <summary>How positions enter the network.</summary>
    public PositionKind Position { get; init; } = PositionKind.Rotary;

    /// <summary>
    /// Learned position rows, when <see cref="Position"/> is <see cref="PositionKind.Learned"/> (GPT-2: context; OPT: context + 2).
    /// </summary>
    public int LearnedPositionRows { get; init; }

    /// <summary>The learned row of a text's first token; the rows before it stand for no position (RoBERTa: 2).</summary>
    public int FirstPositionRow { get; init; }

    /// <summary>Rows of a table that tells a first text from a second one, added to the embedding (BERT: 2); 0 = none.</summary>
    public int TokenTypes { get; init; }

    /// <summary>A norm of the network's kind stands behind the embedding (BERT).</summary>
    public bool EmbeddingNorm { get; init; }

    /// <summary>Width of the embedding when it differs from the hidden size (OPT-350m), otherwise 0.</summary>
    public int EmbeddingProjectionSize { get; init; }

    /// <summary>Factor on the embedding before the first layer (Gemma: sqrt(hidden)).</summary>
    public double EmbeddingScale { get; init; } = 1;

    /// <summary>tanh cap on the final logits, 0 = none (Gemma 2: 30).</summary>
    public double FinalLogitSoftcap { get; init; }

    /// <summary>Factor on the final logits (Granite, Cohere), 1 = none.</summary>
    public double LogitScale { get; init; } = 1;

    /// <summary>Factor on every block's output before the residual addition (Granite), 1 = none.</summary>
    public double ResidualScale { get; init; } = 1;

    /// <summary>Norms run after attention and after the FFN as well as before (Gemma 2 and 3).</summary>
    public bool PostBlockNorms { get; init; }

    /// <summary>Norms run on what a block gives, before it joins the residual stream, and none before it (OLMo-2, EXAONE 4).</summary>
    public bool NormsBehindBlocks { get; init; }

    /// <summary>Norms run after the residual addition instead of before the block, and there is no final norm (OPT-350m).</summary>
    public bool NormAfterResidual { get; init; }

    /// <summary>Parallel residual streams mixed by learned hyper-connections (DeepSeek-V4: 4); 1 = the usual single stream.</summary>
    public int ResidualStreams { get; init; } = 1;

    /// <summary>Inputs of its own that every layer gets beside the residual stream (Gemma 3n, Gemma 4); null = none.</summary>
    public LayerInputs? LayerInputs { get; init; }

    /// <summary>Several residual streams of which a layer computes one and corrects the others (Gemma 3n); null = the usual one.</summary>
    public AlternatingUpdates? Updates { get; init; }

    /// <summary>Attention and FFN read the same normalised input and are added together (Falcon, GPT-NeoX, Phi-1/2).</summary>
    public bool ParallelBlocks { get; init; }

    /// <summary>Number of distinct norms before a parallel block (Falcon-7B 1, Falcon-40B 2); 2 elsewhere.</summary>
    public int PreBlockNorms { get; init; } = 2;

    /// <summary>
    /// Parameters outside <see cref="Layers"/>, embeddings and LM head that the published total counts (vision towers, prediction heads
    /// are not among them).
    /// </summary>
    public long ExtraParameters { get; init; }

    /// <summary>
    /// Parts outside the layers that are neither the embedding nor the LM head: towers for images and sound, extra tables.
    /// </summary>
    public EquatableList<SidePart> Parts { get; init; } = EquatableList<SidePart>.Empty;

    /// <summary>Layers of multi-token prediction behind the last one, which only drafting runs; null = none.</summary>
    public PredictionHeads? PredictionHeads { get; init; }

    /// <summary>
    /// The embedding table and the LM head are those of the model that this one drafts for: read and multiplied, but kept once, there.
    /// </summary>
    public bool SharesTables { get; init; }

    /// <summary>
    /// What a reader of the description should know about it, one sentence each: class defaults that were filled in, fields gone by for
    /// an unknown family, parts left out.
    /// </summary>
    public EquatableList<string> Notes { get; init; } = EquatableList<string>.Empty;

    /// <summary>How the published weights are stored, tensor by tensor, when the file says; null = it does not.</summary>
    public WeightScheme? PublishedWeights { get; init; }

    /// <summary>Format of cached keys and values that the checkpoint was published for; null = as its activations.</summary>
    public Precision? PublishedKvCache { get; init; }

    /// <summary>Name of <see cref="PublishedWeights"/>.</summary>
    public string? PublishedPrecision => PublishedWeights?.Name;

    /// <summary>Where this description came from: a file path, or the catalog entry's source.</summary>
    public string? Source { get; init; }

    /// <summary>Number of layers.</summary>
    public int LayerCount => Layers.Count;

    /// <summary>
    /// The layer whose pages a layer's keys and values lie in: itself, or where it reuses a cache the last one before it that has its own,
    /// with as wide a window and heads as wide. Of an encoder the first: its keys and values are needed for one layer at a time.
    /// </summary>
    /// <param name="layer">Layer, from 0.</param>
    /// <exception cref="InferometerException">There is none before it.</exception>
    public int CacheLayerOf(int layer)
    {
        if (IsEncoder)
        {
            return 0;
        }

        if (Layers[layer].Mixer is not AttentionMixer { ReusesCache: true } mixer)
        {
            return layer;
        }

        for (int earlier = layer - 1; earlier >= 0; earlier--)
        {
            if (Layers[earlier].Mixer is AttentionMixer { ReusesCache: false } own
                && (own.WindowTokens, own.HeadDim, own.KvHeads) == (mixer.WindowTokens, mixer.HeadDim, mixer.KvHeads))
            {
                return earlier;
            }
        }

        throw new InferometerException(
            $"{Source ?? Name}: layer {layer} reuses keys and values, but no layer before it has any of its kind.");
    }
}
