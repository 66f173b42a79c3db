using System.Text.RegularExpressions;

namespace Inferometer.Measurement.Evaluation;

/// <summary>
/// BLEU of a body of texts (Papineni et al. 2002) as sacrebleu 2 computes it where nothing else is said
/// (<c>nrefs:N|case:mixed|eff:no|tok:13a|smooth:exp</c>, github.com/mjpost/sacrebleu): words as mteval-v13a cuts them, n-grams up to four,
/// matches clipped to the reference that has most, the length of the reference that is nearest.
/// </summary>
public sealed partial record Bleu
{
    private const int Orders = 4;
    private const int TimeoutMilliseconds = 60_000; // the patterns look at two letters: a limit for texts of gigabytes

    /// <summary>The score, 0 to 100.</summary>
    public required double Score { get; init; }

    /// <summary>
    /// Precision of n-grams of one to four words, percent; where none matches it is halved once more for each such order.
    /// </summary>
    public required IReadOnlyList<double> Precisions { get; init; }

    /// <summary>exp(1 - reference / text) where the texts are shorter than the references, else 1.</summary>
    public required double BrevityPenalty { get; init; }

    /// <summary>Words of the texts.</summary>
    public required int Words { get; init; }

    /// <summary>Words of the references.</summary>
    public required int ReferenceWords { get; init; }

    /// <summary>Scores texts.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="references">References of each, at least one.</param>
    public static Bleu Of(IReadOnlyList<string> texts, IReadOnlyList<IReadOnlyList<string>> references)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(references);
        if (texts.Count != references.Count)
        {
            throw new ArgumentException($"There are {texts.Count} texts and references of {references.Count}.", nameof(references));
        }

        int[] correct = new int[Orders], total = new int[Orders];
        int words = 0, referenceWords = 0;
        for (int i = 0; i < texts.Count; i++)
        {
            string[] said = WordsOf(texts[i]);
            string[][] wanted = [.. references[i].Select(WordsOf)];
            words += said.Length;
            referenceWords += wanted.Select(w => w.Length).MinBy(length => (Math.Abs(length - said.Length), length));
            for (int order = 1; order <= Orders; order++)
            {
                Dictionary<string, int> most = new(StringComparer.Ordinal);
                foreach (string[] reference in wanted)
                {
                    foreach ((string gram, int count) in Grams(reference, order))
                    {
                        most[gram] = Math.Max(most.GetValueOrDefault(gram), count);
                    }
                }

                correct[order - 1] += Grams(said, order).Sum(g => Math.Min(g.Value, most.GetValueOrDefault(g.Key)));
                total[order - 1] += Math.Max(0, said.Length - order + 1);
            }
        }

        double[] precisions = Smoothed(correct, total);
        double penalty = words >= referenceWords ? 1 : words > 0 ? Math.Exp(1 - ((double)referenceWords / words)) : 0;
        bool isNothing = correct.All(n => n == 0) || precisions.Any(p => p == 0);
        return new Bleu
        {
            Score = isNothing ? 0 : penalty * Math.Exp(precisions.Average(Math.Log)),
            Precisions = precisions,
            BrevityPenalty = penalty,
            Words = words,
            ReferenceWords = referenceWords,
        };
    }

    /// <summary>A text cut into words as mteval-v13a does: punctuation stands alone, but for points and commas within numbers.</summary>
    internal static string[] WordsOf(string text)
    {
        string line = text.Replace("<skipped>", "", StringComparison.Ordinal).Replace("-\n", "", StringComparison.Ordinal)
            .Replace('\n', ' ').Replace("&quot;", "\"", StringComparison.Ordinal).Replace("&amp;", "&", StringComparison.Ordinal)
            .Replace("&lt;", "<", StringComparison.Ordinal).Replace("&gt;", ">", StringComparison.Ordinal);
        line = Signs().Replace($" {line} ", " ${sign} ");
        line = AfterWord().Replace(line, "${word} ${sign} ");
        line = BeforeWord().Replace(line, " ${sign} ${word}");
        line = Dashes().Replace(line, "${digit} ${dash} ");
        return line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
    }

    private static double[] Smoothed(int[] correct, int[] total)
    {
        double[] precisions = new double[Orders];
        double halved = 1;
        for (int i = 0; i < Orders && total[i] > 0; i++)
        {
            precisions[i] = correct[i] > 0 ? 100.0 * correct[i] / total[i] : 100 / ((halved *= 2) * total[i]);
        }

        return precisions;
    }

    private static Dictionary<string, int> Grams(string[] words, int order)
    {
        Dictionary<string, int> grams = new(StringComparer.Ordinal);
        for (int i = 0; i + order <= words.Length; i++)
        {
            string gram = string.Join(' ', words, i, order);
            grams[gram] = grams.GetValueOrDefault(gram) + 1;
        }

        return grams;
    }

    [GeneratedRegex(@"(?<sign>[\{-\~\[-\` -\&\(-\+\:-\@\/])", RegexOptions.ExplicitCapture, TimeoutMilliseconds)]
    private static partial Regex Signs();

    [GeneratedRegex(@"(?<word>[^0-9])(?<sign>[\.,])", RegexOptions.ExplicitCapture, TimeoutMilliseconds)]
    private static partial Regex AfterWord();

    [GeneratedRegex(@"(?<sign>[\.,])(?<word>[^0-9])", RegexOptions.ExplicitCapture, TimeoutMilliseconds)]
    private static partial Regex BeforeWord();

    [GeneratedRegex("(?<digit>[0-9])(?<dash>-)", RegexOptions.ExplicitCapture, TimeoutMilliseconds)]
    private static partial Regex Dashes();
}
