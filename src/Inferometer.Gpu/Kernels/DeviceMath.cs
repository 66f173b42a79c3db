using ILGPU;
using ILGPU.Runtime.Cuda;
using Half = ILGPU.Half;

namespace Inferometer.Gpu.Kernels;

/// <summary>
/// Functions of single numbers in kernels. They are made of additions, multiplications and bit operations, so that what is tested without a
/// card is what runs on one; instructions of a card stand in for some where it has them.
/// </summary>
internal static class DeviceMath
{
    private const float Log2E = 1.44269504f;
    private const float SmallestPower = -126;
    private const float LargestPower = 127;

    /// <summary>e^x; 0 far below zero.</summary>
    public static float Exp(float x) => Exp2(x * Log2E);

    /// <summary>2^x: the whole part goes to the exponent, the rest, from -1/2 to 1/2, into its Taylor series.</summary>
    public static float Exp2(float x)
    {
        if (x < SmallestPower)
        {
            return 0;
        }

        float power = IntrinsicMath.Min(x, LargestPower);
        int whole = (int)(power + (power >= 0 ? 0.5f : -0.5f));
        float rest = (power - whole) * 0.69314718f;
        float series = 1 + (rest * (1 + (rest * (0.5f + (rest * (0.16666667f + (rest * (0.041666668f + (rest * (0.0083333338f
            + (rest * 0.0013888889f)))))))))));
        return series * Interop.IntAsFloat((uint)(whole + 127) << 23);
    }

    /// <summary>1 / sqrt(x) of a positive normal number: a guess from its bits, then four steps of Newton's method.</summary>
    public static float ReciprocalSqrt(float x)
    {
        float y = Interop.IntAsFloat(0x5F3759DFu - (Interop.FloatAsInt(x) >> 1));
        for (int step = 0; step < 4; step++)
        {
            y *= 1.5f - (0.5f * x * y * y);
        }

        return y;
    }

    /// <summary>tanh x.</summary>
    public static float Tanh(float x) => 1 - (2 / (Exp(2 * x) + 1));

    /// <summary>A half-precision number's value from its bits.</summary>
    public static float HalfToFloat(int bits) => Interop.IntAsFloat((ushort)bits);

    /// <summary>The 16 bits of the nearest half-precision number, to the even one of two as near; too large ones become infinite.</summary>
    public static ushort FloatToHalf(float value)
    {
        if (CudaAsm.IsSupported)
        {
            return Interop.FloatAsInt((Half)value);
        }

        uint bits = Interop.FloatAsInt(value);
        uint sign = (bits >> 16) & 0x8000;
        uint magnitude = bits & 0x7FFFFFFF;
        if (magnitude > 0x7F800000)
        {
            return (ushort)(sign | 0x7E00);
        }

        if (magnitude >= 0x477FF000)
        {
            return (ushort)(sign | 0x7C00);
        }

        if (magnitude < 0x38800000)
        {
            // Below the least normal number: adding 0.5 shifts the last place to 2^-24 and rounds.
            uint added = Interop.FloatAsInt(Interop.IntAsFloat(magnitude) + 0.5f);
            return (ushort)(sign | (added - 0x3F000000));
        }

        uint rounded = magnitude + 0xFFF + ((magnitude >> 13) & 1);
        return (ushort)(sign | ((rounded - 0x38000000) >> 13));
    }

    /// <summary>A bfloat16 number's value from its bits.</summary>
    public static float BrainToFloat(int bits) => Interop.IntAsFloat((uint)bits << 16);

    /// <summary>The bits of the nearest bfloat16 number of a finite one, to the even one of two as near.</summary>
    public static int FloatToBrain(float value)
    {
        uint bits = Interop.FloatAsInt(value);
        return (int)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>sum + the products of the four signed bytes of both.</summary>
    public static int Dot4(int a, int b, int sum)
    {
        if (CudaAsm.IsSupported)
        {
            CudaAsm.Emit("dp4a.s32.s32 %0, %1, %2, %3;", out int result, a, b, sum);
            return result;
        }

        return sum + ((sbyte)a * (sbyte)b) + ((sbyte)(a >> 8) * (sbyte)(b >> 8)) + ((sbyte)(a >> 16) * (sbyte)(b >> 16))
            + ((a >> 24) * (b >> 24));
    }
}
