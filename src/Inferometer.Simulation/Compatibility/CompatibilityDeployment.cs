using Inferometer.Core;

namespace Inferometer.Simulation.Compatibility;

/// <summary>How a model is spread over devices, and in which width everything is held.</summary>
public sealed record CompatibilityDeployment
{
    /// <summary>Tensor-parallel degree.</summary>
    public int TensorParallel { get; init; } = 1;

    /// <summary>Pipeline-parallel degree.</summary>
    public int PipelineParallel { get; init; } = 1;

    /// <summary>Expert-parallel degree; more than 1 needs a mixture of experts whose number it divides.</summary>
    public int ExpertParallel { get; init; } = 1;

    /// <summary>One name for the width of weights, activations, KV and messages, such as <c>bf16</c>.</summary>
    public string Bits { get; init; } = "bf16";

    /// <summary>Fraction of every peak. In the <c>bud</c> dialect exactly 1 means "use the efficiency table".</summary>
    public double SystemEfficiency { get; init; } = 1;

    /// <summary>What does not fit is read over the host link instead of being refused.</summary>
    public bool Offload { get; init; }

    internal int ModelRanks => TensorParallel * ExpertParallel;

    /// <summary>Sequences of one micro-batch.</summary>
    internal int MicroBatch(int batch) => PipelineParallel > 1 ? Math.Max(batch / PipelineParallel, 1) : batch;

    internal void Validate(CompatibilityModel model)
    {
        Require("tensor parallelism", TensorParallel);
        Require("pipeline parallelism", PipelineParallel);
        Require("expert parallelism", ExpertParallel);
        if (!(SystemEfficiency > 0))
        {
            throw new InferometerException(FormattableString.Invariant($"System efficiency is {SystemEfficiency}; it must be above 0."));
        }

        if (model.Experts % ExpertParallel != 0)
        {
            throw new InferometerException(FormattableString.Invariant(
                $"Expert parallelism {ExpertParallel} does not divide the {model.Experts} expert(s) of '{model.Name}'; ")
                + "this cost model needs a divisor.");
        }
    }

    private static void Require(string name, int value)
    {
        if (value < 1)
        {
            throw new InferometerException(FormattableString.Invariant($"The degree of {name} is {value}; it must be at least 1."));
        }
    }
}
