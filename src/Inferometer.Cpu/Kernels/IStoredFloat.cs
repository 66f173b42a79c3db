using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Inferometer.Cpu.Kernels;

/// <summary>
/// Reading stored numbers as f32, times 1 / <see cref="Scale"/>. Kernels are written once over this interface; the compiler makes each a
/// kernel per format, conversion inlined.
/// </summary>
internal unsafe interface IStoredFloat
{
    /// <summary>Bytes of one number.</summary>
    static abstract int Bytes { get; }

    /// <summary>What loaded values, or what they are multiplied with, must be multiplied by; 1 but for <see cref="ShiftedHalf"/>.</summary>
    static abstract float Scale { get; }

    /// <summary>Sixteen numbers.</summary>
    static abstract Vector512<float> Load512(byte* source);

    /// <summary>Eight numbers.</summary>
    static abstract Vector256<float> Load256(byte* source);

    /// <summary>Four numbers.</summary>
    static abstract Vector128<float> Load128(byte* source);

    /// <summary>One number.</summary>
    static abstract float Load(byte* source);
}

/// <summary>32-bit floats.</summary>
internal readonly unsafe struct StoredFloat32 : IStoredFloat
{
    public static int Bytes => sizeof(float);

    public static float Scale => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load512(byte* source) => Vector512.Load((float*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load256(byte* source) => Vector256.Load((float*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load128(byte* source) => Vector128.Load((float*)source);

    public static float Load(byte* source) => *(float*)source;
}

/// <summary>IEEE 16-bit floats.</summary>
internal readonly unsafe struct StoredHalf : IStoredFloat
{
    public static int Bytes => sizeof(ushort);

    public static float Scale => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load512(byte* source) => HalfBits.Load512((ushort*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load256(byte* source) => HalfBits.Load256((ushort*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load128(byte* source) => HalfBits.Load128((ushort*)source);

    public static float Load(byte* source) => HalfBits.Load(source);
}

/// <summary>
/// IEEE 16-bit floats too small by a factor, see <see cref="HalfBits"/>: for long streams where <see cref="SubnormalSpeed"/> allows.
/// </summary>
internal readonly unsafe struct ShiftedHalf : IStoredFloat
{
    public static int Bytes => sizeof(ushort);

    public static float Scale => HalfBits.ShiftScale;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load512(byte* source) => HalfBits.LoadShifted512((ushort*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load256(byte* source) => HalfBits.LoadShifted256((ushort*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load128(byte* source) => HalfBits.LoadShifted128((ushort*)source);

    public static float Load(byte* source) => HalfBits.Load(source) / HalfBits.ShiftScale;
}

/// <summary>16-bit floats with the exponent of f32.</summary>
internal readonly unsafe struct StoredBrain : IStoredFloat
{
    public static int Bytes => sizeof(ushort);

    public static float Scale => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load512(byte* source) => HalfBits.LoadBrain512((ushort*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load256(byte* source) => HalfBits.LoadBrain256((ushort*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load128(byte* source) => HalfBits.LoadBrain128((ushort*)source);

    public static float Load(byte* source) => BitConverter.Int32BitsToSingle(*(ushort*)source << 16);
}
