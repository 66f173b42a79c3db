namespace Inferometer.Cpu.Kernels.Emitted;

/// <summary>How functions of x64 are called: where arguments are, and which registers a function gives back as it found them.</summary>
internal enum CallConvention
{
    /// <summary>System V, everywhere but on Windows (System V ABI, AMD64 supplement, section 3.2). All vector registers are free.</summary>
    SystemV,

    /// <summary>
    /// Windows ("x64 calling convention" in Microsoft's documentation): four arguments in RCX, RDX, R8 and R9, the fifth on the stack
    /// behind 32 bytes that are the function's; RSI, RDI and the lower 128 bits of vectors 6 to 15 are given back, besides RBX, RBP and R12
    /// to R15, which no kernel here changes.
    /// </summary>
    Windows,
}
