using Inferometer.Inference.Engine;
using Inferometer.Server.Generation;

namespace Inferometer.Server.OpenAi;

/// <summary>A request for completions, checked and ready for the engine.</summary>
internal sealed record CompletionRequest
{
    /// <summary>How answers are written.</summary>
    public required CompletionFormat Format { get; init; }

    /// <summary>One for each answer: those of the first prompt, then those of the next.</summary>
    public required IReadOnlyList<GenerationRequest> Answers { get; init; }

    /// <summary>How the answers to a conversation are read; null = they are texts.</summary>
    public ChatPlan? Plan { get; init; }

    /// <summary>Answers that are generated to each prompt.</summary>
    public required int AnswersPerPrompt { get; init; }

    /// <summary>Answers that are given to each prompt: where they are fewer than are generated, the most probable ones.</summary>
    public required int KeptPerPrompt { get; init; }

    /// <summary>What each prompt's answers begin with: the prompt; null = nothing.</summary>
    public IReadOnlyList<string>? Echoes { get; init; }

    /// <summary>Whether the answer is sent in pieces.</summary>
    public required bool Streams { get; init; }

    /// <summary>Whether the last piece of a stream tells the tokens used.</summary>
    public required bool IncludesUsage { get; init; }

    /// <summary>Whether every piece of a stream tells the tokens used so far, as vLLM has it.</summary>
    public bool HasRunningUsage { get; init; }

    /// <summary>Whether times are told, as llama.cpp has it.</summary>
    public bool HasTimings { get; init; }

    /// <summary>
    /// Rivals that are given beside each token of an answer with its log-probability, those of its echo among them; null = no
    /// log-probabilities.
    /// </summary>
    public required int? TopLogProbabilities { get; init; }

    /// <summary>The same of each token of the prompt, in a list of its own as vLLM has it.</summary>
    public required int? TopPromptLogProbabilities { get; init; }

    /// <summary>The id of the answer.</summary>
    public required string Id { get; init; }

    /// <summary>When it was asked, seconds since 1970.</summary>
    public long Created { get; } = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
}
