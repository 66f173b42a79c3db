using Inferometer.Inference.Sampling;
using Inferometer.Runners;

namespace Inferometer.Inference.Engine;

/// <summary>A prompt and how to continue it.</summary>
public sealed record GenerationRequest
{
    /// <summary>Text to continue; give this or <see cref="PromptTokens"/>.</summary>
    public string? Prompt { get; init; }

    /// <summary>Tokens to continue; give this or <see cref="Prompt"/>.</summary>
    public ReadOnlyMemory<int> PromptTokens { get; init; }

    /// <summary>The tokenizer adds the special tokens that begin a text.</summary>
    public bool AddSpecialTokens { get; init; } = true;

    /// <summary>
    /// The written form of control tokens in <see cref="Prompt"/> is read as those tokens, as rendered chat templates need.
    /// </summary>
    public bool ParseSpecialTokens { get; init; }

    /// <summary>
    /// Control tokens whose written form belongs to the text that is given out, such as those around calls of tools; others stand for no
    /// text.
    /// </summary>
    public IReadOnlyCollection<int> ShownTokens { get; init; } = [];

    /// <summary>
    /// Asks for the log-probability of every token of the prompt, given those before it, and of so many of the most probable tokens in its
    /// place; null = not wanted. Such a prompt is computed whole, whatever the cache of prefixes holds of it.
    /// </summary>
    public int? TopPromptLogProbabilities { get; init; }

    /// <summary>
    /// Most tokens to generate; null = up to the longest sequence. 0, where nothing but <see cref="TopPromptLogProbabilities"/> is wanted.
    /// </summary>
    public int? MaxNewTokens { get; init; }

    /// <summary>
    /// How tokens are chosen; null = as the model's makers recommend (<see cref="InferenceEngine.SamplingDefaults"/>), and where they say
    /// nothing by the defaults of <see cref="SamplingOptions"/>.
    /// </summary>
    public SamplingOptions? Sampling { get; init; }

    /// <summary>Larger is served earlier.</summary>
    public int Priority { get; init; }

    /// <summary>Time after which the request is given up, waiting included; null = never.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Adapter from <see cref="InferenceEngine.LoadAdapter"/>, or null.</summary>
    public IModelAdapter? Adapter { get; init; }

    /// <summary>Whether the request looks for cached prefixes and leaves its own.</summary>
    public bool UsePrefixCache { get; init; } = true;

    /// <summary>Whether speculative decoding, where the engine has it, is used.</summary>
    public bool Speculate { get; init; } = true;
}
