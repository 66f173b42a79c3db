namespace Inferometer.Inference.Chat.Formats;

/// <summary>
/// What has come of an answer and was not given out yet: text is put behind it piece by piece and taken from its beginning, without the
/// rest being copied each time.
/// </summary>
internal sealed class HeldText
{
    private char[] _letters = new char[64];
    private int _start;
    private int _end;

    /// <summary>Letters held.</summary>
    public int Length => _end - _start;

    /// <summary>The text; good until the next change.</summary>
    public ReadOnlySpan<char> Span => _letters.AsSpan(_start, Length);

    /// <summary>Adds text at the end.</summary>
    public void Append(string text)
    {
        if (_end + text.Length > _letters.Length)
        {
            char[] letters = 2 * (Length + text.Length) > _letters.Length ? new char[2 * (Length + text.Length)] : _letters;
            Span.CopyTo(letters);
            (_letters, _start, _end) = (letters, 0, Length);
        }

        text.CopyTo(_letters.AsSpan(_end));
        _end += text.Length;
    }

    /// <summary>Drops letters from the beginning.</summary>
    public void Drop(int count)
    {
        _start += count;
        if (_start == _end)
        {
            _start = _end = 0;
        }
    }

    /// <summary>Takes letters from the beginning.</summary>
    public string Take(int count)
    {
        string taken = Span[..count].ToString();
        Drop(count);
        return taken;
    }

    /// <summary>Takes all.</summary>
    public string TakeAll() => Take(Length);
}
