using System.Runtime.InteropServices;
using Inferometer.Core.Deployments;

namespace Inferometer.Core.Weights;

/// <summary>How a tensor is stored.</summary>
/// <param name="Bytes">Bytes, with scales, zero points and padding.</param>
/// <param name="Format">Name and arithmetic of the format; its bits per element are nominal.</param>
/// <param name="QuantizesInputs">A product converts its other operand to the same arithmetic; otherwise it runs in the wider of the
/// two.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct StoredWeight(double Bytes, Precision Format, bool QuantizesInputs = false);
