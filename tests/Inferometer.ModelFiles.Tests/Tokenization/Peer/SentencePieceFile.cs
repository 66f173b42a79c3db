using System.Buffers.Binary;
using System.Text;
using Inferometer.Core.Gguf;

namespace Inferometer.ModelFiles.Tests.Tokenization.Peer;

/// <summary>A SentencePiece model file written from what a GGUF file says of its vocabulary.</summary>
/// <remarks>Fields as in github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto.</remarks>
internal static class SentencePieceFile
{
    private const int Varint = 0, Delimited = 2, Fixed32 = 5;
    private const ulong Unigram = 1, BytePairEncoding = 2;

    public static byte[] Of(GgufHeader header)
    {
        string[] texts = header.Metadata["tokenizer.ggml.tokens"].AsStrings()!;
        float[] scores = header.Metadata["tokenizer.ggml.scores"].AsSingles()!;
        long[] kinds = header.Metadata["tokenizer.ggml.token_type"].AsInt64s()!;
        return Of(texts, scores, kinds, BytePairEncoding, hasBytes: true, []);
    }

    /// <summary>A unigram model that takes extra white space out.</summary>
    public static byte[] OfUnigrams(string[] texts, float[] scores, long[] kinds, bool hasBytes, byte[] map) =>
        Of(texts, scores, kinds, Unigram, hasBytes, map);

    private static byte[] Of(string[] texts, float[] scores, long[] kinds, ulong model, bool hasBytes, byte[] map)
    {
        using MemoryStream file = new();
        for (int id = 0; id < texts.Length; id++)
        {
            using MemoryStream piece = new();
            WriteBytes(piece, 1, Encoding.UTF8.GetBytes(texts[id]));
            WriteNumber(piece, 2, scores[id]);
            WriteNumber(piece, 3, (ulong)kinds[id]);
            WriteBytes(file, 1, piece.ToArray());
        }

        using MemoryStream trainer = new();
        WriteNumber(trainer, 3, model);
        WriteNumber(trainer, 35, hasBytes ? 1ul : 0); // byte_fallback
        foreach ((int field, ulong id) in (ReadOnlySpan<(int, ulong)>)[(40, 0), (41, 1), (42, 2)])
        {
            WriteNumber(trainer, field, id); // unk, bos, eos
        }

        WriteBytes(file, 2, trainer.ToArray());
        using MemoryStream normalizer = new();
        WriteBytes(normalizer, 1, "identity"u8);
        if (map.Length > 0)
        {
            WriteBytes(normalizer, 2, map); // precompiled_charsmap
        }

        WriteNumber(normalizer, 3, 1); // add_dummy_prefix
        WriteNumber(normalizer, 4, model == Unigram ? 1ul : 0); // remove_extra_whitespaces
        WriteNumber(normalizer, 5, 1); // escape_whitespaces
        WriteBytes(file, 3, normalizer.ToArray());
        return file.ToArray();
    }

    private static void WriteBytes(Stream stream, int field, ReadOnlySpan<byte> bytes)
    {
        WriteVarint(stream, (ulong)((field << 3) | Delimited));
        WriteVarint(stream, (ulong)bytes.Length);
        stream.Write(bytes);
    }

    private static void WriteNumber(Stream stream, int field, ulong value)
    {
        WriteVarint(stream, (ulong)((field << 3) | Varint));
        WriteVarint(stream, value);
    }

    private static void WriteNumber(Stream stream, int field, float value)
    {
        WriteVarint(stream, (ulong)((field << 3) | Fixed32));
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        stream.Write(bytes);
    }

    private static void WriteVarint(Stream stream, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            stream.WriteByte((byte)(value | 0x80));
        }

        stream.WriteByte((byte)value);
    }
}
