using System.Runtime.InteropServices;

namespace Inferometer.ModelFiles.Quantization;

/// <summary>What sets the formats apart that store a scale and a minimum per group.</summary>
/// <param name="GroupSize">Values of a group.</param>
/// <param name="Largest">Largest integer a value may take: 3, 15 or 31.</param>
/// <param name="LargestScale">Largest integer a scale or minimum may take: 15 or 63.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AffineShape(int GroupSize, int Largest, int LargestScale);
