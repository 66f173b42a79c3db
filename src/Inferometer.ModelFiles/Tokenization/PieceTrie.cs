namespace Inferometer.ModelFiles.Tokenization;

/// <summary>Finds every token that a place of a text begins with, among those that stand for text. Immutable.</summary>
internal sealed class PieceTrie
{
    // The key of an edge is its node and the next UTF-16 unit.
    private readonly Dictionary<long, int> _edges;
    private readonly List<int> _ids = [-1];

    public PieceTrie(Vocabulary vocabulary)
    {
        _edges = new Dictionary<long, int>(vocabulary.Size * 2);
        for (int id = 0; id < vocabulary.Size; id++)
        {
            if (vocabulary.Kinds[id] is TokenKind.Normal or TokenKind.UserDefined)
            {
                Add(vocabulary.Texts[id], id);
            }
        }
    }

    /// <summary>The node that no text leads to: where a walk begins.</summary>
    public const int Root = 0;

    /// <summary>Goes on from a node; false where no token goes on with this unit.</summary>
    public bool TryStep(ref int node, char next) => _edges.TryGetValue(((long)node << 16) | next, out node);

    /// <summary>The token that ends at a node, or -1.</summary>
    public int TokenAt(int node) => _ids[node];

    private void Add(string text, int id)
    {
        int node = Root;
        foreach (char c in text)
        {
            long key = ((long)node << 16) | c;
            if (!_edges.TryGetValue(key, out int next))
            {
                next = _ids.Count;
                _ids.Add(-1);
                _edges.Add(key, next);
            }

            node = next;
        }

        if (node != Root && _ids[node] < 0)
        {
            _ids[node] = id;
        }
    }
}
