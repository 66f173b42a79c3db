using System.Runtime.InteropServices;

namespace Inferometer.Gpu.Kernels;

/// <summary>16 bytes that a thread loads at once.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal struct Int4
{
    public int X;
    public int Y;
    public int Z;
    public int W;
}

/// <summary>8 bytes that a thread loads at once.</summary>
[StructLayout(LayoutKind.Sequential, Size = 8)]
internal struct Int2
{
    public int X;
    public int Y;
}

/// <summary>Four floats that a thread loads at once.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal struct Float4
{
    public float X;
    public float Y;
    public float Z;
    public float W;
}

/// <summary>Scale of 32 rounded activations, and the scale times their sum.</summary>
[StructLayout(LayoutKind.Sequential, Size = 8)]
internal struct ActivationScale
{
    public float Scale;
    public float Sum;
}
