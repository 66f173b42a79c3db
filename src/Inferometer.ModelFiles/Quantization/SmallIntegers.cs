using System.Runtime.Intrinsics;

namespace Inferometer.ModelFiles.Quantization;

/// <summary>Spreads small integers to floats: the common step of all vectorised block decoders.</summary>
internal static class SmallIntegers
{
    /// <summary>Writes <c>scale * q</c> of 16 signed bytes to the first 16 places of <paramref name="values"/>.</summary>
    /// <remarks>Adding minus zero leaves every number as it is, minus zero included.</remarks>
    public static void Scale(Vector128<sbyte> q, float scale, Span<float> values) => Scale(q, scale, -0f, values);

    /// <summary>Writes <c>scale * q + offset</c> of 16 signed bytes to the first 16 places of <paramref name="values"/>.</summary>
    /// <remarks>Multiplication and addition round separately, as in the scalar reference.</remarks>
    public static void Scale(Vector128<sbyte> q, float scale, float offset, Span<float> values)
    {
        (Vector128<short> low, Vector128<short> high) = Vector128.Widen(q);
        ScaleEight(low, scale, offset, values);
        ScaleEight(high, scale, offset, values[8..]);
    }

    private static void ScaleEight(Vector128<short> q, float scale, float offset, Span<float> values)
    {
        (Vector128<int> low, Vector128<int> high) = Vector128.Widen(q);
        Vector256<float> wide = Vector256.ConvertToSingle(Vector256.Create(low, high));
        ((wide * Vector256.Create(scale)) + Vector256.Create(offset)).CopyTo(values);
    }
}
