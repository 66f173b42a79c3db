namespace Inferometer.Gpu.Kernels;

/// <summary>Four small whole numbers in the bytes of a word, sixteen in four words.</summary>
internal static class Nibbles
{
    private const int Ones = 0x01010101;

    /// <summary>The low four bits of each byte.</summary>
    public static Int4 Low(Int4 bytes) => new()
    {
        X = bytes.X & 0x0F0F0F0F,
        Y = bytes.Y & 0x0F0F0F0F,
        Z = bytes.Z & 0x0F0F0F0F,
        W = bytes.W & 0x0F0F0F0F,
    };

    /// <summary>The high four bits of each byte.</summary>
    public static Int4 High(Int4 bytes) => new()
    {
        X = (bytes.X >> 4) & 0x0F0F0F0F,
        Y = (bytes.Y >> 4) & 0x0F0F0F0F,
        Z = (bytes.Z >> 4) & 0x0F0F0F0F,
        W = (bytes.W >> 4) & 0x0F0F0F0F,
    };

    /// <summary>Adds bits 4 and 5: those of word p are bits 2 p and 2 p + 1 of the bytes of <paramref name="bits"/>.</summary>
    public static Int4 WithHigh(Int4 low, int bits) => new()
    {
        X = low.X | ((bits & 0x03030303) << 4),
        Y = low.Y | (((bits >> 2) & 0x03030303) << 4),
        Z = low.Z | (bits & 0x30303030),
        W = low.W | ((bits >> 2) & 0x30303030),
    };

    /// <summary>Subtracts 32 from each byte, which is below 64: no byte borrows from the next once its top bit is set.</summary>
    public static Int4 Less32(Int4 bytes) => new()
    {
        X = Less32(bytes.X),
        Y = Less32(bytes.Y),
        Z = Less32(bytes.Z),
        W = Less32(bytes.W),
    };

    /// <summary>Of numbers of levels of MXFP4 twice the levels.</summary>
    public static Int4 Float4Levels(Int4 numbers) => new()
    {
        X = Float4Levels(numbers.X),
        Y = Float4Levels(numbers.Y),
        Z = Float4Levels(numbers.Z),
        W = Float4Levels(numbers.W),
    };

    /// <summary>The same of one word.</summary>
    public static int Less32(int bytes) => ((bytes | unchecked((int)0x80808080)) - 0x20202020) ^ unchecked((int)0x80808080);

    /// <summary>The same of one word.</summary>
    /// <remarks>Up to 3 a magnitude is its number; from 4 on 4, 6, 8, 12 = number + 0, 1, 2, 5. Negation: all bits and one more, but not
    /// of zero, whose carry would reach the next byte.</remarks>
    public static int Float4Levels(int numbers)
    {
        int number = numbers & 0x07070707, within = numbers & 0x03030303;
        int isLarge = ((numbers >> 2) & Ones) * 0xFF;
        int isLast = within & (within >> 1) & Ones;
        int magnitude = number + ((within + (isLast << 1)) & isLarge);
        int isNegative = (numbers >> 3) & (number | (number >> 1) | (number >> 2)) & Ones;
        return (magnitude ^ (isNegative * 0xFF)) + isNegative;
    }
}
