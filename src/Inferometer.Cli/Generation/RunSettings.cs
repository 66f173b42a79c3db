using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;

namespace Inferometer.Cli.Generation;

/// <summary>What a user asked <c>run</c> for, apart from the engine's configuration.</summary>
internal sealed record RunSettings
{
    private const int DefaultContinuation = 256;

    /// <summary>The prompt; null = talk.</summary>
    public required string? Prompt { get; init; }

    /// <summary>How tokens are chosen.</summary>
    public required SamplingOptions Sampling { get; init; }

    /// <summary><c>-n</c>: null = not given, -1 = no limit.</summary>
    public required int? MaxNewTokens { get; init; }

    /// <summary>Beams of a beam search; 1 = sample.</summary>
    public required int Beams { get; init; }

    /// <summary>Print one JSON document instead of a stream.</summary>
    public required bool AsJson { get; init; }

    /// <summary>Print plan, rates and statistics.</summary>
    public required bool Verbose { get; init; }

    /// <summary>
    /// The limit that applies: a model without a chat template seldom ends by itself, one with does. Null = as many as the context holds.
    /// </summary>
    public int? LimitFor(PromptFormat format, int longestSequence, int promptTokens) => MaxNewTokens switch
    {
        -1 => null,
        null => format.Template is null ? Math.Clamp(longestSequence - promptTokens, 1, DefaultContinuation) : null,
        _ => MaxNewTokens,
    };

    /// <summary>Completes a request with sampling, limit and adapter.</summary>
    public GenerationRequest Complete(GenerationRequest request, PromptFormat format, LoadedEngine model) => request with
    {
        Sampling = Sampling with
        {
            StopStrings = [.. Sampling.StopStrings, .. format.Template?.StopStrings ?? []],
            StopTokens = format.Template?.EndTokens ?? [],
            Constraint = request.Sampling?.Constraint,
        },
        MaxNewTokens = LimitFor(format, model.Engine.MaxSequenceTokens, model.CountTokens(request)),
        Adapter = model.Adapter,
    };
}
