using ILGPU;
using ILGPU.Runtime;

namespace Inferometer.Gpu.Kernels;

/// <summary>Kernels over weights of one format. One that is taken is counted as a launch.</summary>
internal abstract class FormatKernels
{
    /// <summary>Most tokens that a warp multiplies a row with at once.</summary>
    public const int TileTokens = 4;

    /// <summary>Weights of a block in registers: columns are a multiple of it.</summary>
    public abstract int Width { get; }

    /// <summary>Whether activations are rounded to 8 bits.</summary>
    public bool RoundsActivations => Width == QuantBlock.Width;

    /// <summary>Whether there is <see cref="MultiplyMany"/>: the device and the format have units for it.</summary>
    public abstract bool HasMany { get; }

    /// <summary>See <see cref="TensorKernels"/>, for many tokens.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public abstract Action<KernelConfig, DeviceWeights, Operand, ArrayView<float>, int, ArrayView<float>, int, int> MultiplyMany { get; }

    /// <summary>See <see cref="MatrixKernels.ExpertGateUp"/>.</summary>
    public abstract Action<
        KernelConfig, DeviceWeights, DeviceWeights, Operand, ArrayView<float>, ArrayView<float>, int, ArrayView<int>, int, int,
        ArrayView<float>, int> ExpertGateUp
    { get; }

    /// <summary>See <see cref="MatrixKernels.ExpertDown"/>.</summary>
    public abstract Action<
        KernelConfig, DeviceWeights, Operand, ArrayView<float>, int, ArrayView<int>, ArrayView<float>, int, int, ArrayView<float>, int>
        ExpertDown
    { get; }

    /// <summary>See <see cref="MatrixKernels.Embed"/>.</summary>
    public abstract Action<KernelConfig, DeviceWeights, ArrayView<int>, ArrayView<float>, float> Embed { get; }

    /// <summary>Kernels for steps of so many tokens.</summary>
    public abstract TileKernels For(int tokens);
}

/// <summary>Kernels over weights of <typeparamref name="TFormat"/>.</summary>
/// <param name="accelerator">The device.</param>
/// <param name="launches">Counts what is taken.</param>
/// <param name="many">The kernel for many tokens, or null.</param>
internal sealed class FormatKernels<TLanes, TFormat, TBlock>(
    Accelerator accelerator, LaunchCount launches,
    Action<DeviceWeights, Operand, ArrayView<float>, int, ArrayView<float>, int, int>? many) : FormatKernels
    where TLanes : struct, ILanes
    where TFormat : struct, IWeightFormat<TBlock>
    where TBlock : struct
{
    private readonly TileKernels<TLanes, TFormat, TBlock, OneToken> _one = new(accelerator, launches);
    private readonly TileKernels<TLanes, TFormat, TBlock, FourTokens> _four = new(accelerator, launches);

    public override int Width => TFormat.Width;

    public override bool HasMany => many is not null;

    public override Action<KernelConfig, DeviceWeights, Operand, ArrayView<float>, int, ArrayView<float>, int, int> MultiplyMany =>
        launches.Of(field ??= accelerator.LoadStreamKernel(
            many ?? throw new InvalidOperationException("the device or the format has no units for many tokens")));

    public override Action<
        KernelConfig, DeviceWeights, DeviceWeights, Operand, ArrayView<float>, ArrayView<float>, int, ArrayView<int>, int, int,
        ArrayView<float>, int> ExpertGateUp => launches.Of(field ??= accelerator.LoadStreamKernel<
            DeviceWeights, DeviceWeights, Operand, ArrayView<float>, ArrayView<float>, int, ArrayView<int>, int, int, ArrayView<float>,
            int>(MatrixKernels.ExpertGateUp<TLanes, TFormat, TBlock>));

    public override Action<
        KernelConfig, DeviceWeights, Operand, ArrayView<float>, int, ArrayView<int>, ArrayView<float>, int, int, ArrayView<float>, int>
        ExpertDown => launches.Of(field ??= accelerator.LoadStreamKernel<
            DeviceWeights, Operand, ArrayView<float>, int, ArrayView<int>, ArrayView<float>, int, int, ArrayView<float>, int>(
            MatrixKernels.ExpertDown<TLanes, TFormat, TBlock>));

    public override Action<KernelConfig, DeviceWeights, ArrayView<int>, ArrayView<float>, float> Embed =>
        launches.Of(field ??= accelerator.LoadStreamKernel<DeviceWeights, ArrayView<int>, ArrayView<float>, float>(
            MatrixKernels.Embed<TFormat, TBlock>));

    public override TileKernels For(int tokens) => tokens == 1 ? _one : _four;
}
