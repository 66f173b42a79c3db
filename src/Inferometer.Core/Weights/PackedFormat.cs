using Inferometer.Core.Deployments;

namespace Inferometer.Core.Weights;

/// <summary>
/// A quantised format as an inference engine keeps it: elements of some bits, and for every group of them a scale, with what else comes
/// with it.
/// </summary>
/// <param name="Format">Name, arithmetic, and bits of an element with its share of scales on the usual shapes.</param>
/// <param name="ElementBits">Bits of an element alone.</param>
public sealed record PackedFormat(Precision Format, double ElementBits)
{
    /// <summary>Elements of a row that share a scale; 0 = the whole row.</summary>
    public int GroupInputs { get; init; }

    /// <summary>Rows that share a scale; 0 = all.</summary>
    public int GroupOutputs { get; init; } = 1;

    /// <summary>Bits of a group's scale and zero point.</summary>
    public double GroupBits { get; init; }

    /// <summary>Bits beside, for every column of a matrix (the group index of GPTQ).</summary>
    public double ColumnBits { get; init; }

    /// <summary>Experts' matrices are padded to this multiple along the residual stream; 0 = not.</summary>
    public int HiddenMultiple { get; init; }

    /// <summary>Experts' matrices are padded to this multiple along their inner width, on each device; 0 = not.</summary>
    public int InnerMultiple { get; init; }

    /// <summary>Products convert their other operand to the same arithmetic.</summary>
    public bool QuantizesInputs { get; init; }

    /// <summary>The tensor in this format.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="facts">Its model.</param>
    public StoredWeight Store(in WeightTensor tensor, WeightFacts facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        double inputs = tensor.Inputs, outputs = tensor.Outputs;
        if (WeightParts.Of(tensor.Kind) == WeightPart.Experts && HiddenMultiple > 0)
        {
            bool down = tensor.Kind == WeightKind.ExpertDown;
            double hidden = Up(down ? outputs : inputs, HiddenMultiple);
            double inner = facts.ExpertSplit * Up(Math.Ceiling((down ? inputs : outputs) / facts.ExpertSplit), InnerMultiple);
            (inputs, outputs) = down ? (inner, hidden) : (hidden, inner);
        }

        double groups = (GroupInputs > 0 ? Math.Ceiling(inputs / GroupInputs) : 1)
            * (GroupOutputs > 0 ? Math.Ceiling(outputs / GroupOutputs) : 1);
        double bits = (inputs * outputs * ElementBits) + (groups * GroupBits) + (inputs * ColumnBits);
        return new(tensor.Count * bits / 8, Format, QuantizesInputs);
    }

    private static double Up(double size, int multiple) => multiple > 0 ? Math.Ceiling(size / multiple) * multiple : size;
}
