using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Inferometer.Cpu.Weights;

/// <summary>The first bytes of a file of repacked weights: what it is, and where its directory lies.</summary>
/// <param name="DirectoryOffset">First byte of the directory.</param>
/// <param name="DirectoryBytes">Its length; the file ends with it.</param>
/// <param name="DirectoryChecksum">Its CRC-32C.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct RepackedPrefix(long DirectoryOffset, int DirectoryBytes, uint DirectoryChecksum)
{
    /// <summary>Length of the prefix.</summary>
    public const int ByteCount = 40;

    private const int Version = 1;

    private static ReadOnlySpan<byte> Magic => "inferometer repacked"u8;

    /// <summary>Whether a file starts as a file of repacked weights of any version does; false where it cannot be read.</summary>
    public static bool IsAt(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            Span<byte> start = stackalloc byte[Magic.Length];
            return stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.SequenceEqual(Magic);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    public void Write(Span<byte> target)
    {
        Magic.CopyTo(target);
        BinaryPrimitives.WriteInt32LittleEndian(target[20..], Version);
        BinaryPrimitives.WriteInt64LittleEndian(target[24..], DirectoryOffset);
        BinaryPrimitives.WriteInt32LittleEndian(target[32..], DirectoryBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(target[36..], DirectoryChecksum);
    }

    /// <summary>Reads a prefix.</summary>
    /// <exception cref="InvalidDataException">It is not one, or one of another version.</exception>
    public static RepackedPrefix Read(ReadOnlySpan<byte> source)
    {
        if (!source.StartsWith(Magic))
        {
            throw new InvalidDataException("it is no file of repacked weights");
        }

        int version = BinaryPrimitives.ReadInt32LittleEndian(source[20..]);
        return version == Version
            ? new RepackedPrefix(
                BinaryPrimitives.ReadInt64LittleEndian(source[24..]), BinaryPrimitives.ReadInt32LittleEndian(source[32..]),
                    BinaryPrimitives.ReadUInt32LittleEndian(source[36..]))
            : throw new InvalidDataException($"it has version {version} of the format, this program reads {Version}");
    }
}
