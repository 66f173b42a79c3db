using Inferometer.Core;
using Inferometer.Cpu.Weights;
using Inferometer.ModelFiles.Templates;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.Runners;

namespace Inferometer.Inference.Engine;

/// <content>Scores of texts for a question.</content>
public sealed partial class InferenceEngine
{
    private RankTemplate? _rankTemplate;

    /// <summary>What makes scores of states; null where the model has nothing of the kind.</summary>
    internal RankHead? Rank { get; init; }

    /// <summary>Why it has nothing of the kind, as the end of a sentence.</summary>
    internal string? RankRefusal { get; init; } = RankHead.Missing;

    /// <summary>
    /// How well a text answers a question, 0 to 1: by the classification head of the model's files where there is one, else by how much
    /// more probable <c>yes</c> is than <c>no</c> behind the prompt of <see cref="RankTemplate"/>. Models that were not trained to judge
    /// give numbers too.
    /// </summary>
    /// <param name="query">The question.</param>
    /// <param name="document">The text.</param>
    /// <param name="instruction">What is looked for; null = <see cref="RankTemplate.DefaultInstruction"/>.</param>
    /// <param name="adapter">Adapter to run with, or null.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="InferometerException">The model has neither a classification head nor tokens for yes and no, or no prompt is known
    /// for it.</exception>
    /// <exception cref="RequestRejectedException">The texts are too long or too many requests wait.</exception>
    public async Task<float> ScoreAsync(
        string query, string document, string? instruction = null, IModelAdapter? adapter = null,
            CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(document);
        RankHead head = Rank ?? throw new InferometerException(
            $"the model cannot score texts: '{Architecture.ModelType}' is {ModelSupport.KindOf(Architecture)}, and {RankRefusal}");
        TokenizedPair prompt = RankPair(query, document, instruction);
        float[] state = await PoolAsync(prompt, head.Pooling, normalise: false, adapter, cancellationToken).ConfigureAwait(false);
        return head.Score(state);
    }

    /// <summary>The tokens that <see cref="ScoreAsync"/> puts before the model.</summary>
    /// <inheritdoc cref="ScoreAsync"/>
    public int[] RankPrompt(string query, string document, string? instruction = null) => RankPair(query, document, instruction).Ids;

    private TokenizedPair RankPair(string query, string document, string? instruction)
    {
        _rankTemplate ??= RankTemplate.For(Tokenizer);
        return _rankTemplate is { } template ? new TokenizedPair(template.Encode(Tokenizer, query, document, instruction), [])
            : Tokenizer.HasPairs ? Tokenizer.EncodePair(query, document, _maxTokens)
            : throw new InferometerException(
                "the model cannot score texts: it carries no template of the name 'rerank', has no ChatML marks for Qwen3-Reranker's "
                    + "prompt, and its tokenizer does not say how two texts are put together.");
    }
}
