using System.Runtime.InteropServices;

namespace Inferometer.Simulation.Operators;

/// <summary>Quantities of a step that operators' costs are linear in.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct StepVariables
{
    /// <summary>Tokens of the operator's phase.</summary>
    public double Tokens;

    /// <summary>Positions that need logits.</summary>
    public double Rows;

    /// <summary>Sequences of the operator's phase.</summary>
    public double Sequences;

    /// <summary>Query-key pairs of the operator's attention span.</summary>
    public double Pairs;

    /// <summary>Cached tokens read, of the operator's attention span.</summary>
    public double Reads;

    /// <summary>The operator is of decoding sequences, and the step reads prompts too.</summary>
    public bool IsBesidePrompts;

    /// <summary>The step is a captured one that is replayed.</summary>
    public bool IsReplayed;

    /// <summary>Expected distinct members of the operator's pool (experts, adapters) that are touched.</summary>
    public double Touched;
}

/// <summary>A quantity (FLOPs, bytes) as a linear function of a step.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct StepForm
{
    public double Fixed { get; init; }

    public double PerToken { get; init; }

    public double PerRow { get; init; }

    public double PerSequence { get; init; }

    public double PerPair { get; init; }

    public double PerRead { get; init; }

    public double PerTouched { get; init; }

    public bool DependsOnContext => PerPair != 0 || PerRead != 0;

    public double At(in StepVariables v) =>
        Fixed + (PerToken * v.Tokens) + (PerRow * v.Rows) + (PerSequence * v.Sequences)
        + (PerPair * v.Pairs) + (PerRead * v.Reads) + (PerTouched * v.Touched);

    public double Slope(double pairsSlope, double readsSlope) => (PerPair * pairsSlope) + (PerRead * readsSlope);

    public static StepForm operator +(in StepForm a, in StepForm b) => new()
    {
        Fixed = a.Fixed + b.Fixed,
        PerToken = a.PerToken + b.PerToken,
        PerRow = a.PerRow + b.PerRow,
        PerSequence = a.PerSequence + b.PerSequence,
        PerPair = a.PerPair + b.PerPair,
        PerRead = a.PerRead + b.PerRead,
        PerTouched = a.PerTouched + b.PerTouched,
    };

    public static StepForm operator *(double factor, in StepForm a) => new()
    {
        Fixed = factor * a.Fixed,
        PerToken = factor * a.PerToken,
        PerRow = factor * a.PerRow,
        PerSequence = factor * a.PerSequence,
        PerPair = factor * a.PerPair,
        PerRead = factor * a.PerRead,
        PerTouched = factor * a.PerTouched,
    };
}
