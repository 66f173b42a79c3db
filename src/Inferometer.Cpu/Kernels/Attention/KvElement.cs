namespace Inferometer.Cpu.Kernels.Attention;

/// <summary>Number format of exact keys and values in a cache page.</summary>
public enum KvElement
{
    /// <summary>32-bit floats.</summary>
    F32,

    /// <summary>16-bit floats: half the memory and, at long context, twice the decode speed.</summary>
    F16,
}
