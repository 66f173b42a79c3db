using ILGPU;
using ILGPU.Runtime;

namespace Inferometer.Gpu.Kernels;

/// <summary>Kernels over weights of one format that multiply a row with as many tokens at once. One that is taken is counted as a
/// launch.</summary>
internal abstract class TileKernels
{
    /// <summary>See <see cref="MatrixKernels.Multiply"/>.</summary>
    public abstract Action<KernelConfig, DeviceWeights, Operand, ArrayView<float>, int, ArrayView<float>, int, int> Multiply { get; }

    /// <summary>See <see cref="MatrixKernels.MultiplyThenNorm"/>.</summary>
    public abstract Action<KernelConfig, DeviceWeights, Operand, ArrayView<float>, int, NormArguments, ArrayView<int>> MultiplyThenNorm
    { get; }

    /// <summary>See <see cref="MatrixKernels.MultiplyThenStore"/>; into pages of half precision.</summary>
    public abstract Action<
        KernelConfig, DeviceWeights, Operand, ArrayView<float>, int, int, AttentionArguments, RotaryArguments, ArrayView<int>>
        MultiplyThenStore
    { get; }

    /// <summary>The same into pages of bytes.</summary>
    public abstract Action<
        KernelConfig, DeviceWeights, Operand, ArrayView<float>, int, int, AttentionArguments, RotaryArguments, ArrayView<int>>
        MultiplyThenStoreRounded
    { get; }

    /// <summary>See <see cref="MatrixKernels.GateUp"/>.</summary>
    public abstract Action<
        KernelConfig, DeviceWeights, DeviceWeights, Operand, ArrayView<float>, ArrayView<float>, int, ArrayView<float>, int> GateUp
    { get; }

    /// <summary>See <see cref="MatrixKernels.GateUpThenRound"/>.</summary>
    public abstract Action<
        KernelConfig, DeviceWeights, DeviceWeights, Operand, ArrayView<float>, ArrayView<float>, int, ArrayView<float>, int,
        ArrayView<int>, ArrayView<ActivationScale>, ArrayView<int>> GateUpThenRound
    { get; }
}

/// <summary>Kernels for <typeparamref name="TTile"/>.</summary>
/// <param name="accelerator">The device.</param>
/// <param name="launches">Counts what is taken.</param>
internal sealed class TileKernels<TLanes, TFormat, TBlock, TTile>(Accelerator accelerator, LaunchCount launches) : TileKernels
    where TLanes : struct, ILanes
    where TFormat : struct, IWeightFormat<TBlock>
    where TBlock : struct
    where TTile : struct, ITokenTile
{
    public override Action<KernelConfig, DeviceWeights, Operand, ArrayView<float>, int, ArrayView<float>, int, int> Multiply =>
        launches.Of(field ??= accelerator.LoadStreamKernel<DeviceWeights, Operand, ArrayView<float>, int, ArrayView<float>, int, int>(
            MatrixKernels.Multiply<TLanes, TFormat, TBlock, TTile>));

    public override Action<KernelConfig, DeviceWeights, Operand, ArrayView<float>, int, NormArguments, ArrayView<int>>
        MultiplyThenNorm => launches.Of(field ??= accelerator.LoadStreamKernel<
            DeviceWeights, Operand, ArrayView<float>, int, NormArguments, ArrayView<int>>(
            MatrixKernels.MultiplyThenNorm<TLanes, TFormat, TBlock, TTile>));

    public override Action<
        KernelConfig, DeviceWeights, Operand, ArrayView<float>, int, int, AttentionArguments, RotaryArguments, ArrayView<int>>
        MultiplyThenStore => launches.Of(field ??= LoadStore<HalfPages>());

    public override Action<
        KernelConfig, DeviceWeights, Operand, ArrayView<float>, int, int, AttentionArguments, RotaryArguments, ArrayView<int>>
        MultiplyThenStoreRounded => launches.Of(field ??= LoadStore<BytePages>());

    public override Action<
        KernelConfig, DeviceWeights, DeviceWeights, Operand, ArrayView<float>, ArrayView<float>, int, ArrayView<float>, int> GateUp =>
        launches.Of(field ??= accelerator.LoadStreamKernel<
            DeviceWeights, DeviceWeights, Operand, ArrayView<float>, ArrayView<float>, int, ArrayView<float>, int>(
            MatrixKernels.GateUp<TLanes, TFormat, TBlock, TTile>));

    public override Action<
        KernelConfig, DeviceWeights, DeviceWeights, Operand, ArrayView<float>, ArrayView<float>, int, ArrayView<float>, int,
        ArrayView<int>, ArrayView<ActivationScale>, ArrayView<int>> GateUpThenRound =>
        launches.Of(field ??= accelerator.LoadStreamKernel<
            DeviceWeights, DeviceWeights, Operand, ArrayView<float>, ArrayView<float>, int, ArrayView<float>, int, ArrayView<int>,
            ArrayView<ActivationScale>, ArrayView<int>>(MatrixKernels.GateUpThenRound<TLanes, TFormat, TBlock, TTile>));

    private Action<
        KernelConfig, DeviceWeights, Operand, ArrayView<float>, int, int, AttentionArguments, RotaryArguments, ArrayView<int>>
        LoadStore<TPages>()
        where TPages : struct, IKvPages => accelerator.LoadStreamKernel<
            DeviceWeights, Operand, ArrayView<float>, int, int, AttentionArguments, RotaryArguments, ArrayView<int>>(
            MatrixKernels.MultiplyThenStore<TLanes, TFormat, TBlock, TTile, TPages>);
}
