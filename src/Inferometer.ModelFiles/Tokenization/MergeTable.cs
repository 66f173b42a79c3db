using System.Globalization;
using Inferometer.Core;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>The ranked merges of a byte-pair vocabulary, by the ids of the two parts. Immutable.</summary>
internal sealed class MergeTable
{
    private readonly Dictionary<ulong, (int Rank, int Id)> _merges;

    /// <summary>Resolves the merges, given best first, against the vocabulary.</summary>
    public MergeTable(Vocabulary vocabulary, IReadOnlyList<(string Left, string Right)> ranked)
    {
        _merges = new Dictionary<ulong, (int Rank, int Id)>(ranked.Count);
        for (int rank = 0; rank < ranked.Count; rank++)
        {
            (string left, string right) = ranked[rank];
            if (!vocabulary.TryGetId(left, out int leftId)
                || !vocabulary.TryGetId(right, out int rightId)
                || !vocabulary.TryGetId(left + right, out int mergedId))
            {
                throw new InferometerException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{vocabulary.Source}: merge {rank} ('{left}' + '{right}') names a token that is not in the vocabulary."));
            }

            _merges.TryAdd(Key(leftId, rightId), (rank, mergedId));
        }
    }

    public bool TryGet(int leftId, int rightId, out int rank, out int id)
    {
        bool found = _merges.TryGetValue(Key(leftId, rightId), out (int Rank, int Id) merge);
        (rank, id) = merge;
        return found;
    }

    // A ulong hashes to the exclusive or of its halves, zero for every pair of equal ids; an odd factor spreads the pairs and keeps them
    // apart.
    private static ulong Key(int leftId, int rightId) => unchecked((((ulong)(uint)leftId << 32) | (uint)rightId) * 0x9E3779B97F4A7C15UL);
}

/// <summary>Merges by the pair of token ids.</summary>
internal readonly struct PairRule(MergeTable table) : IMergeRule
{
    public bool TryMerge(in Symbol left, in Symbol right, out int rank, out int id) => table.TryGet(left.Id, right.Id, out rank, out id);
}
