using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Inferometer.Cpu.Kernels;

/// <summary>
/// Sixteen-bit floats as vectors of f32. .NET has no access to the processor's own f16 conversion, so the bits are moved into place:
/// sign-extended, shifted left by 13 and masked they are the f32 number 2^-112 times the f16 one. Infinities and NaNs become finite numbers
/// of magnitude 2^16 and above.
/// </summary>
/// <remarks>
/// Taken as they are (<see cref="LoadShifted512"/>, the factor folded into something that is multiplied anyway), f16 numbers below 2^-14
/// become f32 numbers below 2^-126, which some processors multiply many times slower than others: see <see cref="SubnormalSpeed"/>.
/// <see cref="Load512"/> costs about five more instructions and gives the numbers themselves, none of them so small.
/// </remarks>
internal static unsafe class HalfBits
{
    /// <summary>2^112, which the shifted loads are to be multiplied by.</summary>
    public const float ShiftScale = 5.192296858534828e33f;

    private const int Mask = unchecked((int)0x8FFFE000);
    private const int ExponentBits = 0x0F800000;
    private const int Rebias = 112 << 23;
    private const int Smallest = 113 << 23; // 2^-14
    private const byte SmallerMagnitude = 0b0110; // the operand of less magnitude, with its own sign

    /// <summary>Sixteen f16 values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load512(ushort* source) => Rebiased(Shifted512(source));

    /// <summary>Eight f16 values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load256(ushort* source) => Rebiased(Shifted256(source));

    /// <summary>Four f16 values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load128(ushort* source)
    {
        Vector128<int> bits = Shifted128(source);
        Vector128<int> isSmall = Vector128.Equals(bits & Vector128.Create(ExponentBits), Vector128<int>.Zero);
        Vector128<float> raised = (bits + Vector128.Create(Rebias)).AsSingle();
        Vector128<float> smallest = ((bits & Vector128.Create(int.MinValue)) | Vector128.Create(Smallest)).AsSingle();
        return Vector128.ConditionalSelect(isSmall.AsSingle(), raised + raised - smallest, raised);
    }

    /// <summary>One f16 value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load(byte* source) => (float)BitConverter.UInt16BitsToHalf(*(ushort*)source);

    /// <summary>Sixteen f16 values times 2^-112.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadShifted512(ushort* source) => Shifted512(source).AsSingle();

    /// <summary>Eight f16 values times 2^-112.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadShifted256(ushort* source) => Shifted256(source).AsSingle();

    /// <summary>Four f16 values times 2^-112.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadShifted128(ushort* source) => Shifted128(source).AsSingle();

    /// <summary>Sixteen bf16 values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadBrain512(ushort* source)
        => (Avx512F.ConvertToVector512Int32(Vector256.Load(source)) << 16).AsSingle();

    /// <summary>Eight bf16 values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadBrain256(ushort* source)
        => (Avx2.ConvertToVector256Int32(source) << 16).AsSingle();

    /// <summary>Four bf16 values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadBrain128(ushort* source)
        => (Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)source).AsUInt16()) << 16).AsSingle();

    // With its exponent raised by the difference of the biases, a number is right unless its f16 exponent is zero. Then it was m 2^-24 and
    // has become a = 2^-15 + m 2^-25 instead: 2 a - 2^-14 is right.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Rebiased(Vector512<int> bits)
    {
        if (Avx512DQ.IsSupported)
        {
            // 2 a - 2^-14 is the smaller of the two in magnitude just where it is right, and there is an instruction for that.
            Vector512<float> number = (bits + Vector512.Create(Rebias)).AsSingle();
            Vector512<float> least = ((bits & Vector512.Create(int.MinValue)) | Vector512.Create(Smallest)).AsSingle();
            return Avx512DQ.Range(number, Avx512F.FusedMultiplySubtract(number, Vector512.Create(2f), least), SmallerMagnitude);
        }

        Vector512<int> isSmall = Vector512.Equals(bits & Vector512.Create(ExponentBits), Vector512<int>.Zero);
        Vector512<float> raised = (bits + Vector512.Create(Rebias)).AsSingle();
        Vector512<float> smallest = ((bits & Vector512.Create(int.MinValue)) | Vector512.Create(Smallest)).AsSingle();
        Vector512<float> small = Vector512.FusedMultiplyAdd(raised, Vector512.Create(2f), -smallest);
        return Vector512.ConditionalSelect(isSmall.AsSingle(), small, raised);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Rebiased(Vector256<int> bits)
    {
        Vector256<int> isSmall = Vector256.Equals(bits & Vector256.Create(ExponentBits), Vector256<int>.Zero);
        Vector256<float> raised = (bits + Vector256.Create(Rebias)).AsSingle();
        Vector256<float> smallest = ((bits & Vector256.Create(int.MinValue)) | Vector256.Create(Smallest)).AsSingle();
        Vector256<float> small = Vector256.FusedMultiplyAdd(raised, Vector256.Create(2f), -smallest);
        return Vector256.ConditionalSelect(isSmall.AsSingle(), small, raised);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Shifted512(ushort* source)
        => (Avx512F.ConvertToVector512Int32(Vector256.Load((short*)source)) << 13) & Vector512.Create(Mask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Shifted128(ushort* source)
        => (Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)source).AsInt16()) << 13) & Vector128.Create(Mask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Shifted256(ushort* source)
        => (Avx2.ConvertToVector256Int32((short*)source) << 13) & Vector256.Create(Mask);
}
