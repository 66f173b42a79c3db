using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;
using Inferometer.Core.Models;
using Inferometer.Core.Weights;
using Inferometer.Simulation.Network;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Operators;

/// <summary>A request with its names turned into numbers: widths in bytes, degrees, rates. What the operators are built from.</summary>
internal sealed class DeploymentProfile
{
    /// <summary>Handing work to the host or back: the order of a wait for a stream; a working assumption, not a datasheet figure.</summary>
    public const double HostLatencySeconds = 10e-6;

    public DeploymentProfile(EstimateRequest request, OperatorRates? rates = null)
    {
        RequestValidation.Check(request);
        Request = request;
        Rates = rates ?? OperatorRates.Roofline;
        Device = EffectiveDevice.For(request.System.Device, request.Cpu);
        Parallelism p = request.Parallelism;
        Tensor = p.Tensor;
        AttentionRanks = p.AttentionDataParallel ? p.Data : 1;
        Replicas = p.AttentionDataParallel ? 1 : p.Data;
        ExpertTensor = Tensor * AttentionRanks / p.Expert;
        Weights = request.WeightScheme is { } scheme ? ResolvedWeights.Of(request.Architecture, scheme, ExpertTensor) : null;
        ActivationBytes = request.Precisions.Activations.BytesPerElement;
        MessageBytes = request.Precisions.Communication.BytesPerElement;
        Network = new(request.System, request.CollectiveAlgorithm);
        KvBytes = request.Precisions.KvCache.BytesPerElement * CompressedFraction(request);
        LinkBandwidth = OffloadBandwidth(request, Device);
        HostLink = request.Host is null
            ? default
            : CollectiveTime.InSequence(TierChoice.Only(new(HostLatencySeconds, 1 / LinkBandwidth)), default);
    }

    public EstimateRequest Request { get; }

    public Device Device { get; }

    /// <summary>The same deployment seen from another device of it.</summary>
    public DeploymentProfile On(Device device) => new(Request with
    {
        System = Request.System with { Device = device, Devices = [] },
        Parallelism = Request.Parallelism with { Pipeline = 1 },
    }, Rates.For(device));

    /// <summary>The same deployment seen from the host.</summary>
    public DeploymentProfile OnHost(Device host) => new(Request with
    {
        System = Request.System with { Device = host, Devices = [] },
        Parallelism = Request.Parallelism with { Pipeline = 1 },
        Host = null,
        Cpu = null,
    });

    /// <summary>What turns amounts into time.</summary>
    public OperatorRates Rates { get; }

    /// <summary>Most pieces of prompts that are in a pipeline at once; 0 = one in each stage.</summary>
    public int PipelinePieces => Request.Framework?.PipelinePieces ?? Rates.PipelinePieces;

    public ModelArchitecture Architecture => Request.Architecture;

    public int Tensor { get; }

    /// <summary>Ranks that hold attention each for its own requests but share the experts.</summary>
    public int AttentionRanks { get; }

    /// <summary>Copies of the whole deployment that share nothing.</summary>
    public int Replicas { get; }

    /// <summary>Devices one expert is split over.</summary>
    public int ExpertTensor { get; }

    public int Expert => Request.Parallelism.Expert;

    /// <summary>The weights tensor by tensor; null = all in one format.</summary>
    public ResolvedWeights? Weights { get; }

    public double ActivationBytes { get; }

    public double MessageBytes { get; }

    /// <summary>Bytes a cached element takes, compression included.</summary>
    public double KvBytes { get; }

    /// <summary>Bytes per second that really cross the link to offloaded data or the host; 0 where there is neither.</summary>
    public double LinkBandwidth { get; }

    /// <summary>Time of activations over the link to the host.</summary>
    public CollectiveTime HostLink { get; }

    public NetworkModel Network { get; }

    /// <summary>
    /// Format a product runs in: the wider of what its two operands are stored in, so weight-only quantisation computes in the activations'
    /// format.
    /// </summary>
    public static MathFormat ProductFormat(Precision stored, Precision activations) =>
        Width(stored.Math) > Width(activations.Math) ? stored.Math : activations.Math;

    /// <summary>Format the matrix products with most of the weights run in.</summary>
    public MathFormat MatrixFormat => Weights is { } weights
        ? ProductOf(weights.Dominant)
        : ProductFormat(Request.Precisions.Weights, Request.Precisions.Activations);

    /// <summary>How a kind of tensor of a layer (null = outside the layers) is stored.</summary>
    public ResolvedWeight Stored(LayerArchitecture? layer, WeightKind kind)
    {
        if (Weights is { } weights)
        {
            return weights.Of(layer, kind);
        }

        PrecisionSet set = Request.Precisions;
        Precision format = kind switch
        {
            WeightKind.TokenTable or WeightKind.PositionTable or WeightKind.PartTable or WeightKind.Head =>
                Request.EmbeddingPrecision ?? set.Weights,
            WeightKind.Norm or WeightKind.Bias or WeightKind.Vector or WeightKind.PartVector or WeightKind.Convolution
                or WeightKind.Router or WeightKind.SharedSwitch => set.Activations,
            _ => set.Weights,
        };
        return new(format.BytesPerElement, format, QuantizesInputs: false);
    }

    /// <summary>Format a product with weights that are stored so asks for.</summary>
    public MathFormat ProductOf(ResolvedWeight stored) =>
        stored.QuantizesInputs ? stored.Format.Math : ProductFormat(stored.Format, Request.Precisions.Activations);

    /// <summary>Peak rate of an operator.</summary>
    public double PeakFlops(OperatorTemplate item) => Device.PeakFor(FormatOf(item));

    /// <summary>Format an operator computes in.</summary>
    public MathFormat FormatOf(OperatorTemplate item)
    {
        PrecisionSet set = Request.Precisions;
        return item.Rate switch
        {
            RateClass.Matrix or RateClass.HeadMatrix => item.Product ?? MatrixFormat,
            RateClass.Attention => ProductFormat(set.KvCache, set.Activations),
            _ => Device.PeakOperationsPerSecond.ContainsKey(MathFormat.Fp32) ? MathFormat.Fp32 : set.Activations.Math,
        };
    }

    /// <summary>Share of <paramref name="whole"/> that the fullest of <paramref name="parts"/> devices gets.</summary>
    public static int Part(int whole, int parts) => (whole + parts - 1) / parts;

    /// <summary>Bits of an element that a format multiplies.</summary>
    public static int Width(MathFormat format) => format switch
    {
        MathFormat.Fp32 => 32,
        MathFormat.Tf32 => 19,
        MathFormat.Bf16 or MathFormat.Fp16 => 16,
        MathFormat.Fp8 or MathFormat.Int8 => 8,
        _ => 4,
    };

    private static double CompressedFraction(EstimateRequest request)
    {
        if (request.KvCompression is not { } compression)
        {
            return 1;
        }

        if (compression.BytesPerToken == 0)
        {
            return 1 / compression.Ratio;
        }

        double elements = request.Architecture.Layers.Sum(layer => CachedElements(layer.Mixer));
        return elements == 0
            ? throw new InferometerException($"kv_compression: {request.Architecture.Name} keeps no KV cache.")
            : compression.BytesPerToken / (elements * request.Precisions.KvCache.BytesPerElement);
    }

    /// <summary>
    /// Bytes one token adds to the index keys of sparse attention over a latent: eight bits an element and a scale of four bytes per 128,
    /// whatever the format of the rest (vLLM's and SGLang's indexer caches; both read the keys as FP8).
    /// </summary>
    public static double IndexKeyBytes(LatentAttentionMixer mixer)
    {
        const int Block = 128;
        return mixer is { IndexTopK: > 0, ReusesIndex: false }
            ? mixer.IndexHeadDim + (sizeof(float) * Math.Ceiling((double)mixer.IndexHeadDim / Block))
            : 0;
    }

    /// <summary>Elements one token adds to the unsharded cache of a layer, index keys of latent attention apart.</summary>
    public static double CachedElements(TokenMixer? mixer) => mixer switch
    {
        AttentionMixer { ReusesCache: true } => 0,
        AttentionMixer attention => attention.KvHeads * (attention.HeadDim + attention.ValueHeadDim),
        LatentAttentionMixer latent => latent.KvRank + latent.RopeHeadDim,
        CompressedAttentionMixer { CompressionRatio: > 0 } pooled =>
            (pooled.HeadDim + (pooled.IndexTopK > 0 ? pooled.IndexHeadDim : 0)) / (double)pooled.CompressionRatio,
        CompressedAttentionMixer window => window.HeadDim,
        _ => 0,
    };

    private static double OffloadBandwidth(EstimateRequest request, Device device)
    {
        if (request is { Offload: null, Host: null })
        {
            return 0;
        }

        double bandwidth = request.Offload is { LinkBandwidth: > 0 and var given } ? given : device.HostLinkBandwidth;
        return bandwidth > 0 ? bandwidth * device.Efficiency.Link : throw new InferometerException(
            $"offload: device '{device.Name}' states no host link bandwidth"
                + (request.Host is null ? "; give one with the offload settings." : ", so that no part of the network can be the host's."));
    }
}
