using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using Inferometer.Core.Gguf;

namespace Inferometer.Gpu.Kernels;

/// <summary>Kernels of a device, compiled when they are first used. One that is taken is counted as a launch.</summary>
internal abstract class DeviceKernels
{
    /// <summary>See <see cref="RowKernels.JoinAndNorm"/>.</summary>
    public abstract Action<KernelConfig, NormArguments> JoinAndNorm { get; }

    /// <summary>See <see cref="RowKernels.Quantise"/>.</summary>
    public abstract Action<KernelConfig, ArrayView<float>, ArrayView<int>, ArrayView<ActivationScale>, int> Quantise { get; }

    /// <summary>See <see cref="RowKernels.Activate"/>.</summary>
    public abstract Action<KernelConfig, ArrayView<float>, ArrayView<float>, long, int> Activate { get; }

    /// <summary>See <see cref="RowKernels.FinishLogits"/>.</summary>
    public abstract Action<KernelConfig, ArrayView<float>, long, float, float> FinishLogits { get; }

    /// <summary>See <see cref="RowKernels.Best"/>.</summary>
    public abstract Action<KernelConfig, ArrayView<float>, int, ArrayView<int>> Best { get; }

    /// <summary>See <see cref="CandidateKernels.Find"/>.</summary>
    public abstract Action<KernelConfig, ArrayView<float>, int, ArrayView<float>, ArrayView<int>> FindCandidates { get; }

    /// <summary>See <see cref="LoraKernels.Down"/>.</summary>
    public abstract Action<KernelConfig, ArrayView<float>, int, int, ArrayView<float>, ArrayView<float>> LoraDown { get; }

    /// <summary>See <see cref="LoraKernels.Up"/>.</summary>
    public abstract Action<KernelConfig, ArrayView<float>, int, int, ArrayView<float>, float, ArrayView<float>, int, int> LoraUp { get; }

    /// <summary>See <see cref="RowKernels.Route"/>.</summary>
    public abstract Action<KernelConfig, RouteArguments> Route { get; }

    /// <summary>See <see cref="RowKernels.GateRows"/>.</summary>
    public abstract Action<KernelConfig, ArrayView<float>, ArrayView<float>, int> GateRows { get; }

    /// <summary>See <see cref="AttentionKernels.Store{TLanes, TPages}"/>; into pages of half precision.</summary>
    public abstract Action<KernelConfig, AttentionArguments, RotaryArguments> Store { get; }

    /// <summary>The same into pages of bytes.</summary>
    public abstract Action<KernelConfig, AttentionArguments, RotaryArguments> StoreRounded { get; }

    /// <summary>See <see cref="AttentionKernels.Attend{TLanes, TPages}"/>; over pages of half precision.</summary>
    public abstract Action<KernelConfig, AttentionArguments> Attend { get; }

    /// <summary>The same over pages of bytes.</summary>
    public abstract Action<KernelConfig, AttentionArguments> AttendRounded { get; }

    /// <summary>Kernels for warps of so many threads.</summary>
    public static DeviceKernels Create(Accelerator accelerator, int lanes, LaunchCount launches) => lanes switch
    {
        1 => new DeviceKernels<Lanes1>(accelerator, launches),
        4 => new DeviceKernels<Lanes4>(accelerator, launches),
        32 => new DeviceKernels<Lanes32>(accelerator, launches),
        _ => throw new ArgumentOutOfRangeException(nameof(lanes), lanes, "warps have 1, 4 or 32 threads"),
    };

    /// <summary>Kernels for a format of weights; null where there are none.</summary>
    public abstract FormatKernels? Of(GgmlType type);
}

/// <summary>Kernels for warps of <typeparamref name="TLanes"/>.</summary>
internal sealed class DeviceKernels<TLanes>(Accelerator accelerator, LaunchCount launches) : DeviceKernels
    where TLanes : struct, ILanes
{
    // Ampere: the first with the shapes that are used.
    private const int LeastMajor = 8;

    private readonly Dictionary<GgmlType, FormatKernels?> _formats = [];

    private bool HasTensorCores => accelerator is CudaAccelerator { Architecture.Major: >= LeastMajor };

    private bool IsEmulatedWarp => accelerator.AcceleratorType == AcceleratorType.CPU && TLanes.Count == PTXBackend.WarpSize;

    public override Action<KernelConfig, NormArguments> JoinAndNorm =>
        launches.Of(field ??= accelerator.LoadStreamKernel<NormArguments>(RowKernels.JoinAndNorm<TLanes>));

    public override Action<KernelConfig, ArrayView<float>, ArrayView<int>, ArrayView<ActivationScale>, int> Quantise =>
        launches.Of(field ??= accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<int>, ArrayView<ActivationScale>, int>(
            RowKernels.Quantise));

    public override Action<KernelConfig, ArrayView<float>, ArrayView<float>, long, int> Activate =>
        launches.Of(field ??= accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, long, int>(RowKernels.Activate));

    public override Action<KernelConfig, ArrayView<float>, long, float, float> FinishLogits =>
        launches.Of(field ??= accelerator.LoadStreamKernel<ArrayView<float>, long, float, float>(RowKernels.FinishLogits));

    public override Action<KernelConfig, ArrayView<float>, int, ArrayView<int>> Best =>
        launches.Of(field ??= accelerator.LoadStreamKernel<ArrayView<float>, int, ArrayView<int>>(RowKernels.Best<TLanes>));

    public override Action<KernelConfig, ArrayView<float>, int, ArrayView<float>, ArrayView<int>> FindCandidates =>
        launches.Of(field ??= accelerator.LoadStreamKernel<ArrayView<float>, int, ArrayView<float>, ArrayView<int>>(
            CandidateKernels.Find<TLanes>));

    public override Action<KernelConfig, ArrayView<float>, int, int, ArrayView<float>, ArrayView<float>> LoraDown =>
        launches.Of(field ??= accelerator.LoadStreamKernel<ArrayView<float>, int, int, ArrayView<float>, ArrayView<float>>(
            LoraKernels.Down<TLanes>));

    public override Action<KernelConfig, ArrayView<float>, int, int, ArrayView<float>, float, ArrayView<float>, int, int> LoraUp =>
        launches.Of(field ??= accelerator.LoadStreamKernel<ArrayView<float>, int, int, ArrayView<float>, float, ArrayView<float>, int, int>(
            LoraKernels.Up));

    public override Action<KernelConfig, RouteArguments> Route =>
        launches.Of(field ??= accelerator.LoadStreamKernel<RouteArguments>(RowKernels.Route));

    public override Action<KernelConfig, ArrayView<float>, ArrayView<float>, int> GateRows =>
        launches.Of(field ??= accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, int>(RowKernels.GateRows));

    public override Action<KernelConfig, AttentionArguments, RotaryArguments> Store =>
        launches.Of(field ??= accelerator.LoadStreamKernel<AttentionArguments, RotaryArguments>(AttentionKernels.Store<TLanes, HalfPages>));

    public override Action<KernelConfig, AttentionArguments, RotaryArguments> StoreRounded =>
        launches.Of(field ??= accelerator.LoadStreamKernel<AttentionArguments, RotaryArguments>(AttentionKernels.Store<TLanes, BytePages>));

    public override Action<KernelConfig, AttentionArguments> Attend =>
        launches.Of(field ??= accelerator.LoadStreamKernel<AttentionArguments>(AttentionKernels.Attend<TLanes, HalfPages>));

    public override Action<KernelConfig, AttentionArguments> AttendRounded =>
        launches.Of(field ??= accelerator.LoadStreamKernel<AttentionArguments>(AttentionKernels.Attend<TLanes, BytePages>));

    public override FormatKernels? Of(GgmlType type)
    {
        if (!_formats.TryGetValue(type, out FormatKernels? kernels))
        {
            _formats[type] = kernels = Create(type);
        }

        return kernels;
    }

    private FormatKernels? Create(GgmlType type) => type switch
    {
        GgmlType.F32 => new FormatKernels<TLanes, Float32Format, Float4>(accelerator, launches, null),
        GgmlType.F16 => new FormatKernels<TLanes, Float16Format, FloatBlock>(accelerator, launches, Floats<Float16Format>()),
        GgmlType.BF16 => new FormatKernels<TLanes, BrainFormat, FloatBlock>(accelerator, launches, Floats<BrainFormat>()),
        GgmlType.Q8_0 => new FormatKernels<TLanes, Q8_0Format, QuantBlock>(accelerator, launches, Quants<Q8_0Format>()),
        GgmlType.Q4_0 => new FormatKernels<TLanes, Q4_0Format, QuantBlock>(accelerator, launches, Quants<Q4_0Format>()),
        GgmlType.Q4_K => new FormatKernels<TLanes, Q4_KFormat, QuantBlock>(accelerator, launches, Quants<Q4_KFormat>()),
        GgmlType.Q6_K => new FormatKernels<TLanes, Q6_KFormat, QuantBlock>(accelerator, launches, Quants<Q6_KFormat>()),
        GgmlType.MXFP4 => new FormatKernels<TLanes, MXFP4Format, QuantBlock>(accelerator, launches, Quants<MXFP4Format>()),
        _ => null,
    };

    private Action<DeviceWeights, Operand, ArrayView<float>, int, ArrayView<float>, int, int>? Quants<TFormat>()
        where TFormat : struct, IQuantFragments => HasTensorCores ? TensorKernels.MultiplyQuants<TensorCores, TFormat>
            : IsEmulatedWarp ? TensorKernels.MultiplyQuants<EmulatedCores, TFormat>
            : null;

    private Action<DeviceWeights, Operand, ArrayView<float>, int, ArrayView<float>, int, int>? Floats<TFormat>()
        where TFormat : struct, IFloatFragments => HasTensorCores ? TensorKernels.MultiplyFloats<TensorCores, TFormat>
            : IsEmulatedWarp ? TensorKernels.MultiplyFloats<EmulatedCores, TFormat>
            : null;
}
