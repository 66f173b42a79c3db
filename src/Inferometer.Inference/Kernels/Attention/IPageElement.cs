using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Inferometer.Inference.Kernels.Attention;

/// <summary>Reading stored numbers as f32 vectors. f16 numbers come out times 2^-112 (see <see cref="HalfBits"/>); what they meet carries 2^112.</summary>
internal unsafe interface IPageElement
{
    static abstract int Bytes { get; }

    static abstract Vector512<float> Load512(byte* source);

    static abstract Vector256<float> Load256(byte* source);

    static abstract float Load(byte* source);
}

/// <summary>32-bit floats.</summary>
internal readonly unsafe struct PageFloat : IPageElement
{
    public static int Bytes => sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load512(byte* source) => Vector512.Load((float*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load256(byte* source) => Vector256.Load((float*)source);

    public static float Load(byte* source) => *(float*)source;
}

/// <summary>16-bit floats.</summary>
internal readonly unsafe struct PageHalf : IPageElement
{
    public static int Bytes => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load512(byte* source) => HalfBits.Load512((ushort*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load256(byte* source) => HalfBits.Load256((ushort*)source);

    public static float Load(byte* source) => (float)BitConverter.UInt16BitsToHalf(*(ushort*)source) / HalfBits.Scale;
}
