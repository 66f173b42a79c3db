using System.Text;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>
/// What Oniguruma, which Hugging Face's library matches with, writes otherwise than .NET: quantifiers that give nothing back
/// (<c>?+</c>, <c>*+</c>, <c>++</c>) become atomic groups, a count behind which <c>+</c> stands is repeated (as in Ruby's syntax), classes
/// within classes are joined, and the script Han is spelled out.
/// </summary>
internal static class ForeignPattern
{
    /// <summary>The pattern in .NET's notation; one without such parts as it is.</summary>
    /// <exception cref="ArgumentException">It has a part there is no translation for.</exception>
    public static string Translate(string pattern)
    {
        pattern = WithoutHan(pattern);
        StringBuilder output = new(pattern.Length);
        Stack<int> groups = new();
        int atom = 0, at = 0;
        while (at < pattern.Length)
        {
            int end = EndOfToken(pattern, at);
            string token = pattern[at..end];
            token = token[0] == '[' ? WithoutNesting(token) : token;
            if (token[0] is '?' or '*' or '+' or '{' && IsQuantifier(token) && atom < output.Length)
            {
                bool doubled = end < pattern.Length && pattern[end] == '+';
                output.Append(token);
                if (doubled)
                {
                    output.Insert(atom, token[0] == '{' ? "(?:" : "(?>").Append(token[0] == '{' ? ")+" : ")");
                    end++;
                }
                else if (end < pattern.Length && pattern[end] == '?')
                {
                    output.Append('?');
                    end++;
                }

                atom = output.Length;
            }
            else
            {
                atom = token is ")" && groups.Count > 0 ? groups.Pop() : output.Length;
                if (token is "(")
                {
                    groups.Push(atom);
                }

                output.Append(token);
            }

            at = end;
        }

        return output.ToString();
    }

    private static bool IsQuantifier(string token) =>
        token.Length == 1 ? token[0] != '{' : token[1..^1].All(c => char.IsAsciiDigit(c) || c == ',');

    // An escape, a class, a count or one character.
    private static int EndOfToken(string pattern, int at)
    {
        switch (pattern[at])
        {
            case '\\' when at + 2 < pattern.Length && pattern[at + 1] is 'p' or 'P' && pattern[at + 2] == '{':
                return Behind(pattern, '}', at);
            case '\\':
                return Math.Min(at + 2, pattern.Length);
            case '[':
                return EndOfClass(pattern, at);
            case '{':
                return Behind(pattern, '}', at);
            default:
                return at + 1;
        }
    }

    private static int Behind(string pattern, char mark, int at) =>
        pattern.IndexOf(mark, at) is >= 0 and int found ? found + 1 : at + 1;

    private static int EndOfClass(string pattern, int at)
    {
        int depth = 0;
        for (int i = at; i < pattern.Length; i++)
        {
            depth += pattern[i] == '[' ? 1 : pattern[i] == ']' ? -1 : 0;
            i += pattern[i] == '\\' ? 1 : 0;
            if (depth == 0)
            {
                return i + 1;
            }
        }

        return pattern.Length;
    }

    // A class within a class adds its characters in Oniguruma; .NET would take the bracket for a character.
    private static string WithoutNesting(string set)
    {
        StringBuilder output = new(set.Length);
        for (int i = 0, depth = 0; i < set.Length; i++)
        {
            char c = set[i];
            if (c == '&' && i + 1 < set.Length && set[i + 1] == '&')
            {
                throw new ArgumentException($"the intersection in {set} is not known", nameof(set));
            }

            bool opens = c == '[', closes = c == ']';
            depth += opens ? 1 : closes ? -1 : 0;
            bool inner = (opens && depth > 1) || (closes && depth > 0);
            if (inner && opens && set[i - 1] == '-')
            {
                return set; // a subtraction, as .NET writes it
            }

            if (inner && opens && i + 1 < set.Length && set[i + 1] is '^' or ':')
            {
                throw new ArgumentException($"the class within {set} is not known", nameof(set));
            }

            if (!inner)
            {
                output.Append(c);
            }

            if (c == '\\' && i + 1 < set.Length)
            {
                output.Append(set[++i]);
            }
        }

        return output.ToString();
    }

    // The intersection with all that is not Han is .NET's subtraction.
    private static string WithoutHan(string pattern) => pattern
        .Replace(@"&&[^\p{Han}]]", "-[" + PreTokenizerPatterns.Han + "]]", StringComparison.Ordinal)
        .Replace(@"[\p{Han}]", "[" + PreTokenizerPatterns.Han + "]", StringComparison.Ordinal)
        .Replace(@"\p{Han}", "[" + PreTokenizerPatterns.Han + "]", StringComparison.Ordinal);
}
