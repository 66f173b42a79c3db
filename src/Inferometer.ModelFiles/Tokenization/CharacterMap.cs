using System.Buffers.Binary;
using System.Text;
using Inferometer.Core;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>
/// What a SentencePiece model replaces characters by (<c>precompiled_charsmap</c>): the number of bytes of a double-array trie, the trie,
/// and the replacements, each ended by a zero. The trie is darts-clone's: units of 32 bits with label, leaf mark and offset.
/// </summary>
internal sealed class CharacterMap
{
    private readonly uint[] _units;
    private readonly byte[] _replacements;

    public CharacterMap(ReadOnlySpan<byte> data, string source)
    {
        if (data.Length < sizeof(uint) || BinaryPrimitives.ReadUInt32LittleEndian(data) is var size
            && (size > data.Length - sizeof(uint) || size % sizeof(uint) != 0 || size == 0))
        {
            throw new InferometerException($"{source}: the table of characters to be replaced (precompiled_charsmap) is damaged.");
        }

        int trieBytes = (int)BinaryPrimitives.ReadUInt32LittleEndian(data);
        _units = new uint[trieBytes / sizeof(uint)];
        for (int i = 0; i < _units.Length; i++)
        {
            _units[i] = BinaryPrimitives.ReadUInt32LittleEndian(data[((i + 1) * sizeof(uint))..]);
        }

        _replacements = data[(sizeof(uint) + trieBytes)..].ToArray();
    }

    /// <summary>Which of several entries that a text begins with is taken.</summary>
    public enum Match
    {
        /// <summary>As SentencePiece does.</summary>
        Longest,

        /// <summary>As Hugging Face's <c>Precompiled</c> does.</summary>
        Shortest,
    }

    /// <summary>Finds an entry that a text begins with.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="match">Which of several is taken.</param>
    /// <param name="replacement">What stands for it.</param>
    /// <param name="length">Bytes of the text that it covers.</param>
    public bool TryReplace(ReadOnlySpan<byte> utf8, Match match, out ReadOnlySpan<byte> replacement, out int length)
    {
        uint node = Offset(_units[0]);
        int found = -1;
        length = 0;
        for (int i = 0; i < utf8.Length && (found < 0 || match == Match.Longest); i++)
        {
            node ^= utf8[i];
            if (node >= _units.Length || Label(_units[node]) != utf8[i])
            {
                break;
            }

            uint unit = _units[node];
            node ^= Offset(unit);
            if (HasLeaf(unit) && node < _units.Length)
            {
                (found, length) = ((int)(_units[node] & 0x7FFFFFFF), i + 1);
            }
        }

        if (found < 0 || found > _replacements.Length)
        {
            replacement = default;
            return false;
        }

        ReadOnlySpan<byte> rest = _replacements.AsSpan(found);
        int end = rest.IndexOf((byte)0);
        replacement = end < 0 ? rest : rest[..end];
        return true;
    }

    /// <summary>The same as text; a damaged replacement gives U+FFFD.</summary>
    public static string Text(ReadOnlySpan<byte> replacement) => Encoding.UTF8.GetString(replacement);

    private static uint Offset(uint unit) => (unit >> 10) << (int)((unit & (1u << 9)) >> 6);

    private static uint Label(uint unit) => unit & ((1u << 31) | 0xFF);

    private static bool HasLeaf(uint unit) => ((unit >> 8) & 1) == 1;
}
