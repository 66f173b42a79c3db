using Inferometer.Core.Models;

namespace Inferometer.Core.Gguf;

/// <summary>
/// What a GGUF architecture fixes outside its metadata and tensor shapes, and which models are written as it. Norms, biases, experts and
/// widths are told by the tensors; only what they cannot tell is here.
/// </summary>
public sealed record GgufFamily
{
    /// <summary>The <c>model_type</c> of Hugging Face configurations that are written as this architecture.</summary>
    public EquatableList<string> ModelTypes { get; init; } = [];

    /// <summary>Norm between blocks; offsets from one are folded in when a file is written.</summary>
    public NormKind Norm { get; init; } = NormKind.RmsNorm;

    /// <summary>Non-linearity of the feed-forward part.</summary>
    public ActivationKind Activation { get; init; } = ActivationKind.Silu;

    /// <summary>How positions enter.</summary>
    public PositionKind Position { get; init; } = PositionKind.Rotary;

    /// <summary>Tokens see those behind them, and there is no head for tokens.</summary>
    public bool IsEncoder { get; init; }

    /// <summary>Norms stand behind the residual addition, under names of their own, and none before the head (BERT).</summary>
    public bool NormAfterResidual { get; init; }

    /// <summary>The first of the layers between which the global ones stand is global itself (ModernBERT).</summary>
    public bool GlobalFirst { get; init; }

    /// <summary>Queries and keys are stored so that adjacent channels rotate together.</summary>
    public bool InterleavedRope { get; init; }

    /// <summary>
    /// The rows of query and key heads are put in another order when a file is written, because Hugging Face pairs channel i with
    /// i + half.
    /// </summary>
    public bool ReordersHeads { get; init; }

    /// <summary>The embedding is multiplied by the root of the width (Gemma).</summary>
    public bool ScaledEmbedding { get; init; }

    /// <summary>Attention and feed-forward part run side by side where <c>use_parallel_residual</c> says nothing.</summary>
    public bool ParallelBlocks { get; init; }

    /// <summary>What a layer without keys and values is.</summary>
    public GgufStates States { get; init; }

    /// <summary>The rows of queries stand in turn with those of the gates on what is attended to, head by head (Qwen3-Next).</summary>
    public bool FusesOutputGate { get; init; }

    /// <summary>Value heads of the delta rule are stored in turn over its key heads (Qwen3.5).</summary>
    public bool ValueHeadsInTurn { get; init; }

    /// <summary>Values are normed without a weight (Gemma 3n, Gemma 4).</summary>
    public bool ValueNorm { get; init; }

    /// <summary>Scores are not scaled (Gemma 3n, Gemma 4).</summary>
    public bool PlainScores { get; init; }

    /// <summary>Attention is cut at multiples of so many tokens where a layer knows positions (Llama 4); 0 = not.</summary>
    public int ChunkTokens { get; init; }

    /// <summary>
    /// Queries grow with their position where <c>attention.temperature_scale</c> says so, by the context before YaRN, whose factor on
    /// cosines and sines is the quotient that <c>rope.scaling.yarn_log_multiplier</c> gives (Ministral 3).
    /// </summary>
    public bool GrowsQueries { get; init; }

    /// <summary>The rotary embedding is there only where <c>rope.scaling.finetuned</c> says so (Granite 4).</summary>
    public bool RopeIsOptional { get; init; }

    /// <summary>Router probabilities are sigmoids where <c>expert_gating_func</c> says nothing (Llama 4).</summary>
    public bool SigmoidRouter { get; init; }

    /// <summary>The router's weight scales an expert's input instead of its output (Llama 4).</summary>
    public bool ScalesExpertInput { get; init; }

    /// <summary>A dense network with norms of its own runs beside the experts of a layer that has them (Gemma 4).</summary>
    public bool DenseBesideExperts { get; init; }

    /// <summary>Name of the norm before the head; LFM2's files have that of another.</summary>
    public string FinalNorm { get; init; } = "output_norm";

    /// <summary>Every n-th layer is global where a window is given; 0 = all local.</summary>
    public int GlobalEvery { get; init; }

    /// <summary>Every n-th layer knows no positions; 0 = none (SmolLM3).</summary>
    public int NoRopeEvery { get; init; }

    /// <summary>Of a model with windows, global layers know no positions (Command R7B, EXAONE 4).</summary>
    public bool GlobalWithoutRope { get; init; }

    /// <summary>Base of local layers, 0 = as the global ones.</summary>
    public double LocalRopeTheta { get; init; }

    /// <summary>The context extension does not reach local layers (OLMo-3).</summary>
    public bool ScalesGlobalRopeOnly { get; init; }

    /// <summary>Weights of the chosen experts sum to one where <c>expert_weights_norm</c> says nothing.</summary>
    public bool NormalizeTopK { get; init; } = true;

    /// <summary>Share of the sparse mixer (Phi-3.5-MoE), which files do not carry; 0 = a usual router.</summary>
    public double RouterJitter { get; init; }

    /// <summary>The norm on queries and keys follows the rotary embedding (Hunyuan).</summary>
    public bool QkNormAfterRope { get; init; }

    /// <summary><c>logit_scale</c> divides the logits (Granite) instead of multiplying them (Cohere).</summary>
    public bool DividesLogits { get; init; }

    /// <summary>The norm before the feed-forward part is called <c>post_attention_norm</c> in files.</summary>
    public bool FeedForwardNormIsPostAttention { get; init; }

    /// <summary>
    /// Of two norms side by side the one before attention is called <c>attn_norm_2</c>, the other <c>attn_norm</c> (Falcon 40B).
    /// </summary>
    public bool SecondNormIsAttention { get; init; }

    /// <summary>Queries, keys and values are one tensor, <c>attn_qkv</c>, in the files of llama.cpp.</summary>
    public bool FusedQkv { get; init; }

    /// <summary>YaRN's corrected range is rounded to whole channels (gpt-oss: not).</summary>
    public bool TruncatesYarnRange { get; init; } = true;
}
