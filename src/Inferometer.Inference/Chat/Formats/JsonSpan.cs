namespace Inferometer.Inference.Chat.Formats;

/// <summary>
/// Finds the end of a JSON object or list that comes in pieces: brackets outside of texts are counted, nothing else is judged.
/// </summary>
internal struct JsonSpan
{
    private int _depth;
    private bool _inText;
    private bool _isEscaped;

    /// <summary>A span that is inside of an object already.</summary>
    public static JsonSpan Inside => new() { _depth = 1 };

    /// <summary>Goes on at a place; the same characters must not be given twice.</summary>
    /// <returns>The place behind the end, or -1 when more must come.</returns>
    public int End(ReadOnlySpan<char> text, int from)
    {
        for (int i = from; i < text.Length; i++)
        {
            char letter = text[i];
            if (_inText)
            {
                _inText = _isEscaped || letter != '"';
                _isEscaped = !_isEscaped && letter == '\\';
            }
            else if (letter == '"')
            {
                _inText = true;
            }
            else if (letter is '{' or '[')
            {
                _depth++;
            }
            else if (letter is '}' or ']' && --_depth <= 0)
            {
                return i + 1;
            }
        }

        return -1;
    }
}
