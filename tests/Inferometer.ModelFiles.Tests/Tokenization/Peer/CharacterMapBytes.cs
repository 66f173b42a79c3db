using System.Buffers.Binary;
using System.Text;

namespace Inferometer.ModelFiles.Tests.Tokenization.Peer;

/// <summary>
/// Writes a table of replacements as SentencePiece keeps it: a double-array trie of darts-clone's units, and the replacements. The children
/// of each node have a block of 256 units of their own, which wastes room and needs no search for free places.
/// </summary>
internal static class CharacterMapBytes
{
    private const int Block = 256;

    public static byte[] Of(IReadOnlyDictionary<string, string> replacements)
    {
        List<uint> units = [0];
        using MemoryStream texts = new();
        List<(byte[] Key, uint Value)> entries = [];
        foreach ((string key, string text) in replacements)
        {
            entries.Add((Encoding.UTF8.GetBytes(key), (uint)texts.Length));
            texts.Write(Encoding.UTF8.GetBytes(text));
            texts.WriteByte(0);
        }

        Fill(units, 0, [.. entries], 0);
        byte[] file = new byte[sizeof(uint) + (units.Count * sizeof(uint)) + texts.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(file, (uint)(units.Count * sizeof(uint)));
        for (int i = 0; i < units.Count; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan((i + 1) * sizeof(uint)), units[i]);
        }

        texts.ToArray().CopyTo(file, sizeof(uint) + (units.Count * sizeof(uint)));
        return file;
    }

    private static void Fill(List<uint> units, int node, (byte[] Key, uint Value)[] entries, int depth)
    {
        int children = (units.Count + Block - 1) / Block * Block;
        units.AddRange(new uint[children + Block - units.Count]);

        // A byte that no key has leads to a unit whose label is another one.
        for (int label = 0; label < Block; label++)
        {
            units[children ^ label] = (uint)(label ^ 1) & 0xFF;
        }

        units[node] |= (uint)(node ^ children) << 10;
        foreach (IGrouping<int, (byte[] Key, uint Value)> group in entries.GroupBy(
            entry => entry.Key.Length == depth ? -1 : entry.Key[depth]))
        {
            if (group.Key < 0)
            {
                units[node] |= 1u << 8; // a leaf, at label 0
                units[children] = (1u << 31) | group.First().Value;
            }
            else
            {
                units[children ^ group.Key] = (uint)group.Key;
                Fill(units, children ^ group.Key, [.. group], depth + 1);
            }
        }
    }
}
