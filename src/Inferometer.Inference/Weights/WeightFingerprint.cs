using System.Runtime.InteropServices;
using Inferometer.Inference.Formats;
using Inferometer.Scheduling.Blocks;

namespace Inferometer.Inference.Weights;

/// <summary>Tells models apart by all tensors' names, formats and shapes and by samples of each one's bytes; file names and times play no part, so that copies stay the same model.</summary>
internal static class WeightFingerprint
{
    private const int SampleBytes = 256;
    private const int SamplesPerTensor = 4;

    /// <summary>128 bits over the tensors of a source. It reads some bytes at four places of each, not the weights.</summary>
    public static UInt128 Of(ITensorSource source)
    {
        UInt128 hash = BlockHash.Root(salt: (ulong)source.Tensors.Count, seed: 0);
        foreach (ModelTensor tensor in source.Tensors)
        {
            hash = Add(hash, MemoryMarshal.AsBytes(tensor.Name.AsSpan()));
            hash = Add(hash, MemoryMarshal.AsBytes<long>([(long)tensor.Type, tensor.Shape.Count, .. tensor.Shape]));
            int bytes = (int)Math.Min(SampleBytes, tensor.ByteCount);
            for (int i = 0; i < SamplesPerTensor; i++)
            {
                hash = Add(hash, tensor.Bytes((tensor.ByteCount - bytes) * i / (SamplesPerTensor - 1), bytes));
            }
        }

        return hash;
    }

    private static UInt128 Add(UInt128 hash, ReadOnlySpan<byte> bytes)
    {
        Span<int> words = stackalloc int[1 + (SampleBytes / sizeof(int))];
        do
        {
            ReadOnlySpan<byte> part = bytes[..Math.Min(SampleBytes, bytes.Length)];
            words.Clear();
            words[0] = bytes.Length;
            part.CopyTo(MemoryMarshal.AsBytes(words[1..]));
            hash = BlockHash.Next(hash, words);
            bytes = bytes[part.Length..];
        }
        while (!bytes.IsEmpty);
        return hash;
    }
}
