namespace Inferometer.Core;

/// <summary>
/// JSON as Python writes it: its <c>Infinity</c>, which is no JSON, stands in configurations of Mamba-2 (<c>time_step_limit</c>).
/// </summary>
public static class PythonJson
{
    // As long as the word, and beyond every number there is.
    private static ReadOnlySpan<byte> Word => "Infinity"u8;

    private static ReadOnlySpan<byte> Number => "1e999   "u8;

    /// <summary>The text with a number in the place of each such word outside strings; the text itself where there is none.</summary>
    /// <param name="json">JSON text in UTF-8.</param>
    public static ReadOnlyMemory<byte> Repaired(ReadOnlyMemory<byte> json)
    {
        ReadOnlySpan<byte> text = json.Span;
        if (text.IndexOf(Word) < 0)
        {
            return json;
        }

        byte[] repaired = json.ToArray();
        bool inString = false;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '"')
            {
                inString = !inString;
            }
            else if (inString && text[i] == '\\')
            {
                i++;
            }
            else if (!inString && text[i..].StartsWith(Word))
            {
                Number.CopyTo(repaired.AsSpan(i));
                i += Word.Length - 1;
            }
        }

        return repaired;
    }
}
