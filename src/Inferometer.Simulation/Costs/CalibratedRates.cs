using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Operators;

namespace Inferometer.Simulation.Costs;

/// <summary>Rates by class of operator and number format, from calibrated coefficients.</summary>
/// <param name="coefficients">The coefficients.</param>
/// <param name="sumsIn16Bits">As of the framework.</param>
/// <param name="graphTokens">Likewise, on the device.</param>
/// <param name="vectorRows">Likewise.</param>
/// <param name="pipelinePieces">Likewise.</param>
/// <param name="others">Rates of the other devices of a machine of unequal ones; null = there are none.</param>
internal sealed class CalibratedRates(
    Coefficients coefficients, bool sumsIn16Bits = false, int graphTokens = 0, int vectorRows = 0, int pipelinePieces = 0,
    IReadOnlyDictionary<Device, OperatorRates>? others = null)
    : OperatorRates
{
    // Products in 8 bits or fewer quantise their inputs first, which is fused into what comes before about every other time.
    private const double InputLaunch = 0.5;

    public override bool IsSoft => true;

    public override OperatorRates For(Device device) => others?.GetValueOrDefault(device) ?? this;

    public override bool SharesTokens => true;

    public override int PipelinePieces => pipelinePieces;

    public override int GraphTokens => graphTokens;

    public override double ExtraRows => AbovePrior(Coefficient.MatrixRows);

    public override double UnpackingRows => coefficients[Coefficient.MatrixUnpacking];

    public override double AttentionTile => coefficients[Coefficient.AttentionTile];

    public override double AttentionBeside => coefficients[Coefficient.AttentionBeside];

    public override double AttentionSerialSeconds => AbovePrior(Coefficient.AttentionSerial);

    // A single row has such kernels in every format.
    public override int VectorRows(OperatorTemplate item, DeploymentProfile profile) =>
        vectorRows == 0 || !IsProduct(item) || IsExpert(item) ? 0
            : IsUnpacked(item, ProductOf(item, profile)) ? vectorRows
            : 1;

    public override double SecondsPerVectorFlop(DeploymentProfile profile) =>
        1 / (VectorPeak(profile) * coefficients[Coefficient.VectorProduct]);

    public override double SecondsPerFlop(OperatorTemplate item, DeploymentProfile profile)
    {
        if (!IsProduct(item))
        {
            Coefficient rate = item.Rate == RateClass.Attention ? Coefficient.AttentionMatrix : Coefficient.VectorArithmetic;
            return 1 / (profile.PeakFlops(item) * coefficients[rate]);
        }

        MathFormat format = ProductOf(item, profile);
        double share = MatrixShare(format);
        share *= IsUnpacked(item, format) ? coefficients[Coefficient.Unpacking] : 1;
        if (IsExpert(item))
        {
            share *= coefficients[Coefficient.ExpertMatrix];
            share *= DeploymentProfile.Width(format) == 16 ? coefficients[Coefficient.ExpertMatrix16] : 1;
        }

        return 1 / (PeakOf(format, profile) * Math.Min(1, share));
    }

    public override double SecondsPerByte(OperatorTemplate item, DeploymentProfile profile)
    {
        Coefficient share = IsExpert(item) ? Coefficient.ExpertMemory
            : IsProduct(item) ? Coefficient.MatrixMemory
            : item.Rate == RateClass.Attention ? Coefficient.AttentionMemory
            : Coefficient.VectorMemory;

        // The rows of a step that are neither weights nor cached keys and values do not leave a processor's cache.
        double bandwidth = share == Coefficient.VectorMemory && profile.Device.Cache is { } cache
            ? cache.Bandwidth
            : profile.Device.MemoryBandwidth;
        double read = 1 / (bandwidth * coefficients[share]);
        return IsProduct(item) && IsUnpacked(item, ProductOf(item, profile))
            ? read + (coefficients[Coefficient.UnpackingOperations] / profile.Device.PeakFor(VectorFormat(profile)))
            : read;
    }

    public override double FixedSeconds(OperatorTemplate item, DeploymentProfile profile) =>
        FixedSeconds(item, profile, coefficients[Coefficient.Launch]);

    public override double ReplayedSeconds(OperatorTemplate item, DeploymentProfile profile) =>
        FixedSeconds(item, profile, coefficients[Coefficient.Launch] * coefficients[Coefficient.GraphLaunch]);

    private double FixedSeconds(OperatorTemplate item, DeploymentProfile profile, double launch)
    {
        double launches = item.Launches * launch;
        return item.Rate switch
        {
            RateClass.Attention when item.KvRead.PerSequence > 0 => launches + coefficients[Coefficient.RecurrenceExtra],
            RateClass.Attention => launches + coefficients[Coefficient.AttentionExtra],

            // A layer has two products with experts, up and down.
            _ when IsExpert(item) => launches + (coefficients[Coefficient.ExpertExtra] / 2),
            RateClass.Matrix when DeploymentProfile.Width(ProductOf(item, profile)) <= 8 => launches * (1 + InputLaunch),
            _ => launches,
        };
    }

    // Nothing where it is believed to be nothing, and no jump from there.
    private double AbovePrior(Coefficient coefficient) =>
        Math.Max(0, coefficients[coefficient] - CoefficientTable.Of(coefficient).Prior);

    private static bool IsProduct(OperatorTemplate item) => item.Rate is RateClass.Matrix or RateClass.HeadMatrix;

    private static bool IsExpert(OperatorTemplate item) =>
        item.Rate == RateClass.Matrix && item.Group == OperatorGroup.Experts && item.Pool >= 0;

    // Inputs are quantised only where the device multiplies in the format; elsewhere weights are unpacked to 16 bits.
    private static MathFormat ProductOf(OperatorTemplate item, DeploymentProfile profile)
    {
        MathFormat format = profile.FormatOf(item);
        return format is MathFormat.Fp8 or MathFormat.Fp4 && !profile.Device.PeakOperationsPerSecond.ContainsKey(format)
            ? MathFormat.Bf16
            : format;
    }

    private static bool IsUnpacked(OperatorTemplate item, MathFormat product) =>
        item.ResidentElements > 0 && 8 * item.ResidentBytes / item.ResidentElements < DeploymentProfile.Width(product) - 1;

    // With sums in 16 bits products in 16 bits run at half the rate of 8-bit integers on every device that has those in its matrix units.
    private double PeakOf(MathFormat format, DeploymentProfile profile)
    {
        double peak = profile.Device.PeakFor(format);
        return sumsIn16Bits && DeploymentProfile.Width(format) == 16
            && profile.Device.PeakOperationsPerSecond.TryGetValue(MathFormat.Int8, out double integers)
            ? Math.Max(peak, integers / 2)
            : peak;
    }

    private static MathFormat VectorFormat(DeploymentProfile profile) =>
        profile.Device.PeakOperationsPerSecond.ContainsKey(MathFormat.Fp32) ? MathFormat.Fp32 : profile.Request.Precisions.Activations.Math;

    // Multiprocessors of Volta, Turing and the A100's chip have half the lanes of later ones for 32-bit arithmetic, and as many for dot
    // products of bytes (CUDA C++ Programming Guide, throughput of native arithmetic instructions).
    private static double VectorPeak(DeploymentProfile profile)
    {
        double peak = profile.Device.PeakFor(VectorFormat(profile));
        bool halfLanes = profile.Device.Architecture is "Volta" or "Turing"
            || (profile.Device.Architecture is "Ampere" && profile.Device.MemoryType.StartsWith("HBM", StringComparison.Ordinal));
        return halfLanes ? 2 * peak : peak;
    }

    private double MatrixShare(MathFormat format) => coefficients[format switch
    {
        MathFormat.Fp8 or MathFormat.Int8 => Coefficient.Matrix8,
        MathFormat.Fp4 or MathFormat.Int4 => Coefficient.Matrix4,
        _ => Coefficient.Matrix16,
    }];
}
