using System.Numerics;
using System.Runtime.InteropServices;
using Inferometer.Core.Gguf;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>Tells layouts of repacked weights apart.</summary>
internal static unsafe class PanelLayout
{
    // More than two panels, the last of them not full, and more than two blocks: whatever a layout does between these shows.
    private const int Rows = 35;
    private const int Blocks = 3;

    /// <summary>
    /// A fingerprint of how this program, on this machine, lays out weights of a format: what repacking makes of a fixed small matrix. It
    /// changes when a kernel's layout does, without anybody having to remember a version number. 0 where the format is not repacked.
    /// </summary>
    public static uint Fingerprint(GgmlType type)
    {
        int columns = Blocks * type.BlockSize();
        byte[] stored = new byte[type.ByteCount(Rows * columns)];
        uint state = 1;
        for (int i = 0; i < stored.Length; i++)
        {
            state = (state * 1664525) + 1013904223;
            stored[i] = (byte)(state >> 24);
        }

        fixed (byte* source = stored)
        {
            using WeightMatrix matrix = WeightMatrix.Create(type, Rows, columns, source, stored.Length);
            return matrix.Repacked is null ? 0 : Checksum(new ReadOnlySpan<byte>(matrix.Repacked, checked((int)matrix.SizeBytes)));
        }
    }

    /// <summary>CRC-32C of bytes.</summary>
    public static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
        {
            crc = BitOperations.Crc32C(crc, word);
        }

        foreach (byte rest in bytes[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, rest);
        }

        return ~crc;
    }
}
