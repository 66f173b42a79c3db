using System.Text;
using Inferometer.Serving.Arrivals;

namespace Inferometer.Measurement.Load;

/// <summary>
/// Prompts of common English words for services whose tokenizer is not at hand. Stretches of equal content are equal text, and those of
/// different content differ from their first words on, so that prefix caches find what they should and nothing else.
/// </summary>
/// <param name="fixedTokens">Tokens that the service adds to every prompt.</param>
/// <param name="tokensPerWord">Tokens of a word, as the service counts them.</param>
/// <param name="salt">Other salts, other texts: what an earlier load left in a prefix cache is not found.</param>
internal sealed class SyntheticText(double fixedTokens, double tokensPerWord, ulong salt)
{
    private static readonly string[] Words = (
        "the of and to in is that for it as was with be by on not he his but at are this have from or had an they which one you were all "
        + "her she there would their we him been has when who will no more if out so up said what its about than into them can only other "
        + "time new some could these two may first then do any like my now over such our man me even most made after also did many off "
        + "before must well back through years where much your way down should because long each just state those people too mr how "
        + "little good world make very year still see work life men day old here own both between being under three never know same last "
        + "while might great us come since go against right came take used himself few house use place during high without again home "
        + "around small however found part school once general every does got united left number course war until always away something "
        + "fact water less public put think almost hand enough far took head yet better set told nothing night end why find called going "
        + "look asked later point knew next city give group").Split(' ');

    /// <summary>The prompt of a request.</summary>
    /// <param name="question">The request.</param>
    public string PromptOf(LoadQuestion question)
    {
        Arrival arrival = question.Arrival;
        StringBuilder text = new(arrival.InputTokens * 5);
        int described = 0, position = 0;
        foreach (PromptSegment segment in arrival.Segments.Span)
        {
            // What a service answered is told by where in which conversation it stands: the same in every later turn.
            Add(text, segment.Content != 0 ? (ulong)segment.Content : Hash((ulong)arrival.Session, (ulong)position + 1), segment.Tokens,
                ref described);
            position++;
        }

        int left = arrival.InputTokens - described;
        if (left > 0)
        {
            Add(text, Hash((ulong)question.Number, ulong.MaxValue), left, ref described);
        }

        return text.ToString();
    }

    /// <summary>Text of so many words, for finding out how a service counts them.</summary>
    public static string OfWords(int words, ulong content)
    {
        StringBuilder text = new(words * 5);
        Write(text, content, words);
        return text.ToString();
    }

    // The number of words follows the sum of tokens so far: rounding does not add up.
    private void Add(StringBuilder text, ulong content, int tokens, ref int described)
    {
        int before = WordsOf(described);
        described += tokens;
        Write(text, Hash(content, salt), Math.Max(1, WordsOf(described) - before));
    }

    private int WordsOf(int tokens) => Math.Max(0, (int)Math.Round((tokens - fixedTokens) / tokensPerWord));

    private static void Write(StringBuilder text, ulong content, int count)
    {
        for (int i = 0; i < count; i++)
        {
            if (text.Length > 0)
            {
                text.Append(' ');
            }

            text.Append(Words[Hash(content, (ulong)i) % (ulong)Words.Length]);
        }
    }

    // SplitMix64 (Steele, Lea, Flood 2014) over both numbers.
    private static ulong Hash(ulong a, ulong b)
    {
        ulong z = (a * 0x9E3779B97F4A7C15) + b + 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
