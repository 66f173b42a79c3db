using ILGPU;
using ILGPU.Runtime;

namespace Inferometer.Gpu.Kernels;

/// <summary>Kernels over weights of one format.</summary>
internal abstract class FormatKernels
{
    /// <summary>Most tokens that a warp multiplies a row with at once.</summary>
    public const int TileTokens = 4;

    /// <summary>Weights of a block in registers: columns are a multiple of it.</summary>
    public abstract int Width { get; }

    /// <summary>Whether activations are rounded to 8 bits.</summary>
    public bool RoundsActivations => Width == QuantBlock.Width;

    /// <summary>See <see cref="MatrixKernels.Multiply"/>; for one token, and for more.</summary>
    public abstract Action<KernelConfig, DeviceWeights, Operand, ArrayView<float>, int, ArrayView<float>, int, int> Multiply(bool isOne);

    /// <summary>See <see cref="TensorKernels"/>, for many tokens; null where the device or the format has no such units.</summary>
    public abstract Action<KernelConfig, DeviceWeights, Operand, ArrayView<float>, int, ArrayView<float>, int, int>? MultiplyMany { get; }

    /// <summary>See <see cref="MatrixKernels.GateUp"/>.</summary>
    public abstract Action<
        KernelConfig, DeviceWeights, DeviceWeights, Operand, ArrayView<float>, ArrayView<float>, int, ArrayView<float>, int> GateUp(
        bool isOne);

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
}

/// <summary>Kernels over weights of <typeparamref name="TFormat"/>.</summary>
/// <param name="accelerator">The device.</param>
/// <param name="many">The kernel for many tokens, or null.</param>
internal sealed class FormatKernels<TLanes, TFormat, TBlock>(
    Accelerator accelerator, Action<DeviceWeights, Operand, ArrayView<float>, int, ArrayView<float>, int, int>? many) : FormatKernels
    where TLanes : struct, ILanes
    where TFormat : struct, IWeightFormat<TBlock>
    where TBlock : struct
{
    private Action<KernelConfig, DeviceWeights, Operand, ArrayView<float>, int, ArrayView<float>, int, int>? _one;
    private Action<KernelConfig, DeviceWeights, Operand, ArrayView<float>, int, ArrayView<float>, int, int>? _four;
    private Action<KernelConfig, DeviceWeights, DeviceWeights, Operand, ArrayView<float>, ArrayView<float>, int, ArrayView<float>, int>?
        _gateOne;

    private Action<KernelConfig, DeviceWeights, DeviceWeights, Operand, ArrayView<float>, ArrayView<float>, int, ArrayView<float>, int>?
        _gateFour;

    public override int Width => TFormat.Width;

    public override Action<KernelConfig, DeviceWeights, Operand, ArrayView<float>, int, ArrayView<float>, int, int>? MultiplyMany =>
        many is null ? null : field ??= accelerator.LoadStreamKernel(many);

    public override Action<
        KernelConfig, DeviceWeights, DeviceWeights, Operand, ArrayView<float>, ArrayView<float>, int, ArrayView<int>, int, int,
        ArrayView<float>, int> ExpertGateUp => field ??= accelerator.LoadStreamKernel<
            DeviceWeights, DeviceWeights, Operand, ArrayView<float>, ArrayView<float>, int, ArrayView<int>, int, int, ArrayView<float>,
            int>(MatrixKernels.ExpertGateUp<TLanes, TFormat, TBlock>);

    public override Action<
        KernelConfig, DeviceWeights, Operand, ArrayView<float>, int, ArrayView<int>, ArrayView<float>, int, int, ArrayView<float>, int>
        ExpertDown => field ??= accelerator.LoadStreamKernel<
            DeviceWeights, Operand, ArrayView<float>, int, ArrayView<int>, ArrayView<float>, int, int, ArrayView<float>, int>(
            MatrixKernels.ExpertDown<TLanes, TFormat, TBlock>);

    public override Action<KernelConfig, DeviceWeights, ArrayView<int>, ArrayView<float>, float> Embed =>
        field ??= accelerator.LoadStreamKernel<DeviceWeights, ArrayView<int>, ArrayView<float>, float>(
            MatrixKernels.Embed<TFormat, TBlock>);

    public override Action<KernelConfig, DeviceWeights, Operand, ArrayView<float>, int, ArrayView<float>, int, int> Multiply(bool isOne) =>
        isOne
            ? _one ??= accelerator.LoadStreamKernel<DeviceWeights, Operand, ArrayView<float>, int, ArrayView<float>, int, int>(
                MatrixKernels.Multiply<TLanes, TFormat, TBlock, OneToken>)
            : _four ??= accelerator.LoadStreamKernel<DeviceWeights, Operand, ArrayView<float>, int, ArrayView<float>, int, int>(
                MatrixKernels.Multiply<TLanes, TFormat, TBlock, FourTokens>);

    public override Action<
        KernelConfig, DeviceWeights, DeviceWeights, Operand, ArrayView<float>, ArrayView<float>, int, ArrayView<float>, int> GateUp(
        bool isOne) => isOne
            ? _gateOne ??= accelerator.LoadStreamKernel<
                DeviceWeights, DeviceWeights, Operand, ArrayView<float>, ArrayView<float>, int, ArrayView<float>, int>(
                MatrixKernels.GateUp<TLanes, TFormat, TBlock, OneToken>)
            : _gateFour ??= accelerator.LoadStreamKernel<
                DeviceWeights, DeviceWeights, Operand, ArrayView<float>, ArrayView<float>, int, ArrayView<float>, int>(
                MatrixKernels.GateUp<TLanes, TFormat, TBlock, FourTokens>);
}
