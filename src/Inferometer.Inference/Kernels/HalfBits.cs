using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Inferometer.Inference.Kernels;

/// <summary>
/// Sixteen-bit floats as vectors of f32. .NET has no access to the processor's own f16 conversion, so the bits are moved into place: sign-extended, shifted left by 13
/// and masked they are the f32 number 2^-112 times the f16 one (subnormals included). The factor is folded into a scale that is applied anyway.
/// Infinities and NaNs become finite numbers of magnitude 2^16 and above.
/// </summary>
internal static unsafe class HalfBits
{
    /// <summary>2^112, which undoes the shift of the exponent.</summary>
    public const float Scale = 5.192296858534828e33f;

    private const int Mask = unchecked((int)0x8FFFE000);

    /// <summary>Sixteen f16 values times 2^-112.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load512(ushort* source)
        => ((Avx512F.ConvertToVector512Int32(Vector256.Load((short*)source)) << 13) & Vector512.Create(Mask)).AsSingle();

    /// <summary>Eight f16 values times 2^-112.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load256(ushort* source)
        => ((Avx2.ConvertToVector256Int32((short*)source) << 13) & Vector256.Create(Mask)).AsSingle();

    /// <summary>Sixteen bf16 values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadBrain512(ushort* source)
        => (Avx512F.ConvertToVector512Int32(Vector256.Load(source)) << 16).AsSingle();

    /// <summary>Eight bf16 values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadBrain256(ushort* source)
        => (Avx2.ConvertToVector256Int32(source) << 16).AsSingle();
}
