using System.Runtime.InteropServices;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>One multiplication inside a dispatch: prepared activations in, [tokens][stride] f32 out.</summary>
[StructLayout(LayoutKind.Auto)]
internal unsafe struct MatrixOperand
{
    /// <summary>Activations in the layout the matrix asked for.</summary>
    public byte* Activations;

    /// <summary>Output of token 0, row 0.</summary>
    public float* Output;

    /// <summary>Floats from one token's output to the next.</summary>
    public int OutputStride;

    /// <summary>Tokens in the step.</summary>
    public int Tokens;

    /// <summary>What <see cref="WeightMatrix.BeginUse"/> said: rows that are still as they were stored are repacked on the way.</summary>
    public bool Repacks;
}
