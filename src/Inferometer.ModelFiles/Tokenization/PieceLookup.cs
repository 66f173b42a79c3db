namespace Inferometer.ModelFiles.Tokenization;

/// <summary>Finds the token for a stretch of text among those that stand for text: not control, byte, unknown or unused ones.</summary>
internal sealed class PieceLookup
{
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _ids;
    private readonly int _longest;

    public PieceLookup(Vocabulary vocabulary)
    {
        var pieces = new Dictionary<string, int>(vocabulary.Size, StringComparer.Ordinal);
        for (int id = 0; id < vocabulary.Size; id++)
        {
            string text = vocabulary.Texts[id];
            if (vocabulary.Kinds[id] is TokenKind.Normal or TokenKind.UserDefined && text.Length > 0)
            {
                pieces.TryAdd(text, id);
                _longest = Math.Max(_longest, text.Length);
            }
        }

        _ids = pieces.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public bool TryGet(ReadOnlySpan<char> text, out int id)
    {
        id = -1;
        return text.Length <= _longest && _ids.TryGetValue(text, out id);
    }
}
