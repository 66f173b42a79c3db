using System.Runtime.InteropServices;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.Inference.Constraints.Decoding;

/// <summary>
/// The tokens that stand for text as a tree by their bytes, laid out in the order of a walk: a beginning that fails rules out everything
/// under it in one step. Immutable; one per engine.
/// </summary>
internal sealed class TokenTrie : IGrammarVocabulary
{
    private readonly bool[] _hasByte = new bool[256];
    private readonly int[] _sameBytes; // per token: another one of the same bytes, or -1

    public TokenTrie(Tokenizer tokenizer)
    {
        Tokenizer = tokenizer;
        _sameBytes = new int[tokenizer.VocabularySize];
        Array.Fill(_sameBytes, -1);
        int[] order = [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(IsText)];
        Array.Sort(order, (a, b) => tokenizer.TokenBytes(a).SequenceCompareTo(tokenizer.TokenBytes(b)));
        List<TrieNode> nodes = [];
        List<int> path = []; // nodes from the root to the last token
        int before = -1;
        foreach (int token in order)
        {
            ReadOnlySpan<byte> bytes = tokenizer.TokenBytes(token);
            int shared = before < 0 ? 0 : bytes.CommonPrefixLength(tokenizer.TokenBytes(before));
            if (before >= 0 && shared == bytes.Length)
            {
                // As long as the one before it, which sorts no later: the same bytes.
                TrieNode same = nodes[path[^1]];
                _sameBytes[token] = same.Token;
                nodes[path[^1]] = same with { Token = token };
                continue;
            }

            Close(nodes, path, shared);
            for (int depth = shared; depth < bytes.Length; depth++)
            {
                path.Add(nodes.Count);
                nodes.Add(new TrieNode(bytes[depth], (ushort)(depth + 1), depth == bytes.Length - 1 ? token : -1, 0));
            }

            _hasByte[bytes[0]] |= bytes.Length == 1;
            LongestToken = Math.Max(LongestToken, bytes.Length);
            before = token;
        }

        Close(nodes, path, 0);
        Nodes = [.. nodes];
    }

    /// <summary>The vocabulary.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>The nodes in the order of a walk.</summary>
    public TrieNode[] Nodes { get; }

    /// <summary>Bytes of the longest token.</summary>
    public int LongestToken { get; }

    /// <inheritdoc/>
    public string Source => Tokenizer.Source;

    /// <inheritdoc/>
    public int Size => Tokenizer.VocabularySize;

    /// <inheritdoc/>
    public bool HasByte(byte value) => _hasByte[value];

    /// <inheritdoc/>
    public int? ControlToken(string text) => Tokenizer.TryGetId(text, out int id) && Tokenizer.IsControl(id) ? id : null;

    /// <summary>Another token of the same bytes, or -1.</summary>
    public int SameBytes(int token) => _sameBytes[token];

    /// <summary>Whether a token stands for text rather than for a command to the model.</summary>
    public bool IsText(int token) =>
        Tokenizer.KindOf(token) is TokenKind.Normal or TokenKind.Byte or TokenKind.UserDefined && !Tokenizer.IsEndOfGeneration(token)
        && Tokenizer.TokenBytes(token).Length is > 0 and <= ushort.MaxValue;

    /// <summary>Ends the nodes of a path below a depth: what follows is no longer under them.</summary>
    private static void Close(List<TrieNode> nodes, List<int> path, int depth)
    {
        for (int i = depth; i < path.Count; i++)
        {
            nodes[path[i]] = nodes[path[i]] with { End = nodes.Count };
        }

        path.RemoveRange(depth, path.Count - depth);
    }
}

/// <summary>A node of the tree.</summary>
/// <param name="Byte">The byte that leads to it.</param>
/// <param name="Depth">Bytes from the root, from 1.</param>
/// <param name="Token">A token that ends here, or -1.</param>
/// <param name="End">The first node that is not under it.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct TrieNode(byte Byte, ushort Depth, int Token, int End);
