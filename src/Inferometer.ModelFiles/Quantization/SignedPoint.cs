using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Inferometer.ModelFiles.Quantization;

/// <summary>Spreads the eight small integers of a point of a <see cref="Codebook"/> to floats.</summary>
internal static class SignedPoint
{
    /// <summary>Writes scale times each byte of <paramref name="point"/>, negative where its bit in <paramref name="signs"/> is
    /// set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ulong point, int signs, float scale, Span<float> values)
    {
        Vector256<int> bits = Vector256.Create(1, 2, 4, 8, 16, 32, 64, 128);
        Vector256<int> negative = Vector256.Equals(Vector256.Create(signs) & bits, bits) & Vector256.Create(int.MinValue);
        Vector256<float> product = Vector256.ConvertToSingle(Widen(Vector128.CreateScalar(point).AsByte())) * Vector256.Create(scale);
        (product.AsInt32() ^ negative).AsSingle().CopyTo(values);
    }

    /// <summary>Writes scale times the sum of each signed byte of <paramref name="point"/> and <paramref name="delta"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ulong point, float delta, float scale, Span<float> values)
    {
        Vector128<short> low = Vector128.WidenLower(Vector128.CreateScalar(point).AsSByte());
        Vector256<int> levels = Vector256.Create(Vector128.WidenLower(low), Vector128.WidenUpper(low));
        (Vector256.Create(scale) * (Vector256.ConvertToSingle(levels) + Vector256.Create(delta))).CopyTo(values);
    }

    /// <summary>Eight signs stored as seven: the eighth makes the number of negative values even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Even(int seven) => seven | ((BitOperations.PopCount((uint)seven) & 1) << 7);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Widen(Vector128<byte> bytes)
    {
        Vector128<ushort> low = Vector128.WidenLower(bytes);
        return Vector256.Create(Vector128.WidenLower(low), Vector128.WidenUpper(low)).AsInt32();
    }
}
