using Inferometer.Cpu.Execution;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.Measurement.Evaluation;

/// <summary>Prompts that are answered greedily, and what is to be answered.</summary>
/// <param name="Tokenizer">The model's tokenizer.</param>
/// <param name="Texts">Prompts and references, at least one.</param>
/// <param name="MostTokens">Most tokens of an answer.</param>
public sealed record GeneratedAnswers(Tokenizer Tokenizer, IReadOnlyList<ReferenceText> Texts, int MostTokens)
{
    /// <summary>Answers all prompts and scores the answers.</summary>
    /// <param name="model">The model; nothing else may run on it meanwhile.</param>
    /// <param name="create">Makes an empty cache of so many blocks, for one sequence and steps of 128 tokens.</param>
    /// <param name="cancellationToken">Stops between steps.</param>
    /// <exception cref="Core.InferometerException">A prompt leaves no room for an answer.</exception>
    internal TextScore Score(TransformerModel model, Func<int, KvCache> create, CancellationToken cancellationToken) => TextScore.Of(
        [.. Texts.Select(t => GreedyText.Of(model, Tokenizer, create, t.Prompt, MostTokens, cancellationToken))],
        [.. Texts.Select(t => t.References)]);
}
