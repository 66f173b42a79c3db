using System.Text;
using Inferometer.Core.Gguf;

namespace Inferometer.Cpu.Weights;

/// <summary>What a file of repacked weights says of itself; written behind the data, since checksums and places are known last.</summary>
/// <param name="Fingerprint">The model, see <see cref="WeightFingerprint"/>.</param>
/// <param name="DataBytes">Bytes of data, from <see cref="DataOffset"/> on.</param>
/// <param name="Layouts">Layout of each format, see <see cref="Kernels.Matrices.PanelLayout"/>.</param>
/// <param name="Checksums">CRC-32C of each stretch of <see cref="StretchBytes"/>, of which the last may be shorter.</param>
/// <param name="Matrices">The matrices.</param>
internal sealed record RepackedDirectory(
    UInt128 Fingerprint, long DataBytes, IReadOnlyList<(GgmlType Type, uint Layout)> Layouts, IReadOnlyList<uint> Checksums,
        IReadOnlyList<RepackedMatrix> Matrices)
{
    /// <summary>
    /// First byte of the data, on a boundary of huge pages: written and mapped in such pieces, a file can be in memory in huge pages
    /// (Linux, file systems with large folios).
    /// </summary>
    public const long DataOffset = 2 << 20;

    /// <summary>Bytes that are written and checked in one piece.</summary>
    public const int StretchBytes = 4 << 20;

    private const int LeastMatrixBytes = 42; // an entry without a name, a bound for counts in damaged files

    /// <summary>The bytes of the directory.</summary>
    public byte[] ToBytes()
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream, Encoding.UTF8);
        writer.Write((ulong)Fingerprint);
        writer.Write((ulong)(Fingerprint >> 64));
        writer.Write(DataBytes);
        writer.Write(Layouts.Count);
        foreach ((GgmlType type, uint layout) in Layouts)
        {
            writer.Write((int)type);
            writer.Write(layout);
        }

        writer.Write(Checksums.Count);
        foreach (uint checksum in Checksums)
        {
            writer.Write(checksum);
        }

        writer.Write(Matrices.Count);
        foreach (RepackedMatrix matrix in Matrices)
        {
            writer.Write(matrix.Tensor);
            writer.Write(matrix.FirstRow);
            writer.Write(matrix.Rows);
            writer.Write(matrix.Columns);
            writer.Write((int)matrix.Type);
            writer.Write(matrix.Offset);
            writer.Write(matrix.ByteCount);
        }

        return stream.ToArray();
    }

    /// <summary>Reads a directory whose checksum was found right.</summary>
    /// <exception cref="InvalidDataException">The bytes are no directory, or it describes something outside the data.</exception>
    public static RepackedDirectory Parse(byte[] bytes)
    {
        try
        {
            using BinaryReader reader = new(new MemoryStream(bytes), Encoding.UTF8);
            UInt128 fingerprint = reader.ReadUInt64();
            fingerprint |= (UInt128)reader.ReadUInt64() << 64;
            long dataBytes = reader.ReadInt64();
            var layouts = new (GgmlType, uint)[Count(reader, 8)];
            for (int i = 0; i < layouts.Length; i++)
            {
                layouts[i] = ((GgmlType)reader.ReadInt32(), reader.ReadUInt32());
            }

            uint[] checksums = new uint[Count(reader, sizeof(uint))];
            for (int i = 0; i < checksums.Length; i++)
            {
                checksums[i] = reader.ReadUInt32();
            }

            var matrices = new RepackedMatrix[Count(reader, LeastMatrixBytes - 1)];
            for (int i = 0; i < matrices.Length; i++)
            {
                matrices[i] = new RepackedMatrix(
                    reader.ReadString(), reader.ReadInt64(), reader.ReadInt32(), reader.ReadInt32(), (GgmlType)reader.ReadInt32(),
                        reader.ReadInt64(), reader.ReadInt64());
            }

            RepackedDirectory directory = new(fingerprint, dataBytes, layouts, checksums, matrices);
            return directory.IsSound() ? directory : throw new InvalidDataException("its directory contradicts itself");
        }
        catch (Exception error) when (error is IOException or FormatException)
        {
            throw new InvalidDataException("its directory ends early", error);
        }
    }

    private static int Count(BinaryReader reader, int leastBytes)
    {
        int count = reader.ReadInt32();
        long left = reader.BaseStream.Length - reader.BaseStream.Position;
        return count >= 0 && count <= left / leastBytes ? count : throw new InvalidDataException("its directory ends early");
    }

    private bool IsSound()
    {
        long stretches = (DataBytes + StretchBytes - 1) / StretchBytes;
        return DataBytes >= 0 && stretches == Checksums.Count
            && Matrices.All(
                m => m.Offset >= 0 && m.Offset % 64 == 0 && m.ByteCount >= 0 && m.ByteCount <= DataBytes
                    && m.Offset <= DataBytes - m.ByteCount && m.Rows > 0 && m.Columns > 0);
    }
}
