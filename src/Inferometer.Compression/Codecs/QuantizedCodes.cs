using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Inferometer.Compression.Codecs;

/// <summary>How the codes of a page lie in memory, and how a kernel takes them.</summary>
internal unsafe interface IQuantizedCodes
{
    /// <summary>Twice what is subtracted from a code: 7.5 for 4 bits. The largest sum, 2 x 32 x 255 x 32767, fits.</summary>
    static abstract int TwiceOffset { get; }

    /// <summary>Of keys: codes of two channels, half a segment apart, in the halves of 32-bit lanes, a lane per token.</summary>
    static abstract Vector512<short> LoadChannels(byte* data, nint half);

    /// <summary>Of values: sixteen channels of two tokens, half a page apart, the offset subtracted.</summary>
    static abstract (Vector512<float> Low, Vector512<float> High) LoadTokens(byte* data, nint half);
}

/// <summary>Codes of 8 bits.</summary>
internal readonly unsafe struct ByteCodes : IQuantizedCodes
{
    public static int TwiceOffset => 256;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> LoadChannels(byte* data, nint half) =>
        (Avx512F.ConvertToVector512Int32(Vector128.Load(data))
            | (Avx512F.ConvertToVector512Int32(Vector128.Load(data + half)) << 16)).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector512<float> Low, Vector512<float> High) LoadTokens(byte* data, nint half) => (Signed(data), Signed(data + half));

    // Codes count from 128; with the top bit turned they are signed bytes.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Signed(byte* data) =>
        Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32((Vector128.Load(data) ^ Vector128.Create((byte)0x80)).AsSByte()));
}

/// <summary>Codes of 4 bits, two to a byte.</summary>
internal readonly unsafe struct NibbleCodes : IQuantizedCodes
{
    public static int TwiceOffset => 15;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> LoadChannels(byte* data, nint half)
    {
        Vector512<int> codes = Avx512F.ConvertToVector512Int32(Vector128.Load(data));
        return ((codes | (codes << 12)) & Vector512.Create(0x000F000F)).AsInt16();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector512<float> Low, Vector512<float> High) LoadTokens(byte* data, nint half)
    {
        Vector512<int> codes = Avx512F.ConvertToVector512Int32(Vector128.Load(data));
        Vector512<float> offset = Vector512.Create(7.5f);
        return (Vector512.ConvertToSingle(codes & Vector512.Create(15)) - offset, Vector512.ConvertToSingle(codes >> 4) - offset);
    }
}
