using System.Runtime.InteropServices;
using Inferometer.Core.Weights;

namespace Inferometer.Core.Models;

/// <summary>What of a part is in one format.</summary>
/// <param name="Part">The part.</param>
/// <param name="Format">Name of the format.</param>
/// <param name="Elements">Elements.</param>
/// <param name="Bytes">Bytes.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PartWeights(WeightPart Part, string Format, double Elements, double Bytes);
