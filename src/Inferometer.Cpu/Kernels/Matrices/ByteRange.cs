namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>What the bytes of weights hold that <see cref="ByteProducts"/> multiplies; how many products fit 16 bits hangs on it.</summary>
internal enum ByteRange
{
    /// <summary>0 to 15: 15 * 127 * 2 * 8 = 30480, all 32 columns.</summary>
    FourBits,

    /// <summary>0 to 31: 31 * 127 * 2 * 4 = 31496, 16 columns.</summary>
    FiveBits,

    /// <summary>-128 to 127: 128 * 127 * 2 = 32512, one pair.</summary>
    Signed,
}
