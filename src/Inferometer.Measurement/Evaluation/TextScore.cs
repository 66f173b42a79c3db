namespace Inferometer.Measurement.Evaluation;

/// <summary>Generated texts beside their references.</summary>
/// <param name="Bleu">BLEU of them all.</param>
/// <param name="ExactMatch">Share that is equal to a reference, blanks at both ends aside, 0 to 1.</param>
/// <param name="Texts">Texts there are.</param>
public sealed record TextScore(Bleu Bleu, double ExactMatch, int Texts)
{
    /// <summary>Scores texts.</summary>
    /// <param name="texts">The texts, at least one.</param>
    /// <param name="references">References of each, at least one.</param>
    public static TextScore Of(IReadOnlyList<string> texts, IReadOnlyList<IReadOnlyList<string>> references)
    {
        var bleu = Bleu.Of(texts, references);
        int equal = texts.Zip(references).Count(
            pair => pair.Second.Any(r => string.Equals(r.Trim(), pair.First.Trim(), StringComparison.Ordinal)));
        return new TextScore(bleu, texts.Count > 0 ? (double)equal / texts.Count : 0, texts.Count);
    }
}
