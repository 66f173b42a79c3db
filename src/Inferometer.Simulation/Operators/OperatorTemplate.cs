using Inferometer.Core.Deployments;
using Inferometer.Core.Weights;
using Inferometer.Simulation.Network;

namespace Inferometer.Simulation.Operators;

/// <summary>Which tokens of a mixed step an operator works on.</summary>
internal enum StepPhase
{
    All,
    Prefill,
    Decode,
}

/// <summary>Which efficiencies and which arithmetic an operator runs with.</summary>
internal enum RateClass
{
    Matrix,
    HeadMatrix,
    Attention,
    Vector,
}

/// <summary>
/// One operator of a distinct layer, on one device: its amounts as linear functions of a step, and the rates that
/// turn them into time. Built once per deployment, evaluated for every step.
/// </summary>
internal sealed record OperatorTemplate
{
    public required string Name { get; init; }

    public required OperatorGroup Group { get; init; }

    public StepPhase Phase { get; init; }

    public RateClass Rate { get; init; } = RateClass.Vector;

    /// <summary>Index of the attention span whose pairs and reads count.</summary>
    public int Span { get; init; }

    /// <summary>Index of the pool of experts or adapters; -1 = none.</summary>
    public int Pool { get; init; } = -1;

    public int Launches { get; init; } = 1;

    /// <summary>Attention whose kernels take prompts and decoding sequences at once, in tiles of rows of queries.</summary>
    public bool IsTiled { get; init; }

    /// <summary>Works on routed experts, which can be kept on the host by themselves.</summary>
    public bool IsRouted { get; init; }

    public StepForm Flops { get; init; }

    public StepForm Weights { get; init; }

    public StepForm KvRead { get; init; }

    public StepForm KvWrite { get; init; }

    public StepForm ActivationRead { get; init; }

    public StepForm ActivationWrite { get; init; }

    public StepForm Message { get; init; }

    public CollectiveTime Network { get; init; }

    /// <summary>Format a product with weights runs in; null = that of most weights.</summary>
    public MathFormat? Product { get; init; }

    /// <summary>Bytes of weights the device keeps for this operator.</summary>
    public double ResidentBytes { get; init; }

    /// <summary>Elements of those weights.</summary>
    public double ResidentElements { get; init; }

    /// <summary>Part of the model they belong to; null = they are adapters.</summary>
    public WeightPart? Part { get; init; }
}
