using Inferometer.Core.Hardware;

namespace Inferometer.Simulation.Operators;

/// <summary>What turns the amounts of an operator into time. The roofline's: peaks of the device times its fixed fractions.</summary>
internal class OperatorRates
{
    /// <summary>The roofline's.</summary>
    public static OperatorRates Roofline { get; } = new();

    /// <summary>The rates of another device of the same deployment.</summary>
    public virtual OperatorRates For(Device device) => this;

    /// <summary>
    /// Arithmetic and memory traffic hide each other imperfectly: an operator takes the cube root of the sum of their cubes, not the
    /// larger.
    /// </summary>
    public virtual bool IsSoft => false;

    /// <summary>
    /// Tokens are on all devices of a tensor-parallel group, as frameworks have it: experts dealt out over that group find their tokens
    /// where
    /// they are, and the sum after the layer is all that is sent.
    /// </summary>
    public virtual bool SharesTokens => false;

    /// <summary>Rows that a product takes the arithmetic of beside its own; 0 = none.</summary>
    public virtual double ExtraRows => 0;

    /// <summary>Rows of queries in a tile of attention that reads prompts, at least 1.</summary>
    public virtual double AttentionTile => 1;

    /// <summary>Rows of queries that a decoding sequence takes in a kernel that reads prompts too, at least 1.</summary>
    public virtual double AttentionBeside => 1;

    /// <summary>Least seconds per token of context of attention that is not split over multiprocessors; 0 = nothing.</summary>
    public virtual double AttentionSerialSeconds => 0;

    /// <summary>Most pieces of prompts that are in a pipeline at once; 0 = one in each stage.</summary>
    public virtual int PipelinePieces => 0;

    /// <summary>Most tokens of a step whose kernels follow one another sooner, as it is replayed; 0 = none is.</summary>
    public virtual int GraphTokens => 0;

    /// <summary>Most tokens of a step in which a product goes by a kernel for vectors; 0 = it never does.</summary>
    public virtual int VectorRows(OperatorTemplate item, DeploymentProfile profile) => 0;

    /// <summary>Of such a product.</summary>
    public virtual double SecondsPerVectorFlop(DeploymentProfile profile) => 0;

    /// <summary>
    /// Rows at the rate of such kernels that take as long as unpacking weights for matrix units does, in steps of more tokens.
    /// </summary>
    public virtual double UnpackingRows => 0;

    public virtual double SecondsPerFlop(OperatorTemplate item, DeploymentProfile profile)
    {
        DeviceEfficiency e = profile.Device.Efficiency;
        return 1 / (profile.PeakFlops(item) * (item.Rate == RateClass.Attention ? e.AttentionCompute : e.Compute));
    }

    public virtual double SecondsPerByte(OperatorTemplate item, DeploymentProfile profile)
    {
        DeviceEfficiency e = profile.Device.Efficiency;
        return 1 / (profile.Device.MemoryBandwidth * (item.Rate == RateClass.Attention ? e.AttentionMemory : e.Memory));
    }

    /// <summary>Time that does not depend on the amounts.</summary>
    public virtual double FixedSeconds(OperatorTemplate item, DeploymentProfile profile) =>
        item.Launches * profile.Device.Efficiency.LaunchSeconds;

    /// <summary>The same in a step that is replayed.</summary>
    public virtual double ReplayedSeconds(OperatorTemplate item, DeploymentProfile profile) => FixedSeconds(item, profile);
}
