using System.Runtime.InteropServices;
using Inferometer.Core.Deployments;

namespace Inferometer.Core.Models;

/// <summary>How the elements of a kind of tensor are stored.</summary>
/// <param name="BytesPerElement">Mean bytes of an element, scales and padding included.</param>
/// <param name="Format">Name and arithmetic of the format most of them are in.</param>
/// <param name="QuantizesInputs">Products convert their other operand to the same arithmetic.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ResolvedWeight(double BytesPerElement, Precision Format, bool QuantizesInputs);
