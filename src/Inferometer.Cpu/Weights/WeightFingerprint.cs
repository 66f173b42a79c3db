using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.Cpu.Weights;

/// <summary>
/// Tells models apart by all tensors' names, formats and shapes and by samples of each one's bytes; file names and times play no part, so
/// that copies stay the same model.
/// </summary>
internal static class WeightFingerprint
{
    private const int SampleBytes = 256;
    private const int SamplesPerTensor = 4;

    /// <summary>
    /// 128 bits over the tensors of a source, the beginning of a SHA-256. It reads some bytes at four places of each, not the weights.
    /// </summary>
    public static UInt128 Of(ITensorSource source)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(hash, MemoryMarshal.AsBytes<long>([source.Tensors.Count]));
        foreach (ModelTensor tensor in source.Tensors)
        {
            Add(hash, MemoryMarshal.AsBytes(tensor.Name.AsSpan()));
            Add(hash, MemoryMarshal.AsBytes<long>([(long)tensor.Type, tensor.Shape.Count, .. tensor.Shape]));
            int bytes = (int)Math.Min(SampleBytes, tensor.ByteCount);
            for (int i = 0; i < SamplesPerTensor; i++)
            {
                Add(hash, tensor.Bytes((tensor.ByteCount - bytes) * i / (SamplesPerTensor - 1), bytes));
            }
        }

        return BinaryPrimitives.ReadUInt128LittleEndian(hash.GetHashAndReset());
    }

    /// <summary>A part with its length before it, so that no two sequences of parts give the same bytes.</summary>
    private static void Add(IncrementalHash hash, ReadOnlySpan<byte> part)
    {
        hash.AppendData(MemoryMarshal.AsBytes<int>([part.Length]));
        hash.AppendData(part);
    }
}
