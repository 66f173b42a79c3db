using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.Cpu.Weights;
using Inferometer.Gpu.Kernels;

namespace Inferometer.Gpu.Weights;

/// <summary>Tells whether the GPU's kernels can run a network that the processor's can.</summary>
internal static class GpuSupport
{
    /// <summary>Throws when the network holds a part there are no kernels for.</summary>
    /// <param name="architecture">The network.</param>
    /// <param name="roundsCache">Keys and values are to be kept as bytes.</param>
    /// <exception cref="InferometerException">Names the part.</exception>
    public static void Require(ModelArchitecture architecture, bool roundsCache)
    {
        ModelSupport.Require(architecture);
        if ((Missing(architecture) ?? (roundsCache ? MissingOfBytes(architecture) : null)) is { } missing)
        {
            throw new InferometerException(
                $"{architecture.Source ?? architecture.Name}: the GPU cannot run this model ('{architecture.ModelType}') yet: it has no "
                    + $"{missing}. Use --device cpu.");
        }
    }

    private static string? MissingOfBytes(ModelArchitecture architecture) =>
        architecture.Layers.Select(layer => layer.Mixer).OfType<AttentionMixer>()
            .FirstOrDefault(mixer => mixer.HeadDim % QuantBlock.Width != 0) is { } odd
            ? $"8-bit cache for heads {odd.HeadDim} wide, no multiple of {QuantBlock.Width}"
            : null;

    private static string? Missing(ModelArchitecture architecture)
    {
        if (!architecture.HasHead || architecture.IsEncoder || architecture.NormAfterResidual)
        {
            return $"forward pass for {ModelSupport.KindOf(architecture)}";
        }

        if (architecture.Norm is not (NormKind.RmsNorm or NormKind.RmsNormPlusOne))
        {
            return $"norms of the kind {architecture.Norm}";
        }

        if (architecture.Position is not PositionKind.Rotary)
        {
            return $"positions of the kind {architecture.Position}";
        }

        if (architecture.LayerInputs is not null || architecture.Updates is not null || architecture.LmHeadBias)
        {
            return architecture.LmHeadBias ? "bias on the head" : "inputs of its own for every layer, nor several residual streams";
        }

        if (architecture.Layers.SelectMany(layer => layer.Parts).FirstOrDefault(part => part.Use != SidePartUse.Idle) is { } layerPart)
        {
            return layerPart.Name;
        }

        return architecture.ParallelBlocks
            ? "attention and feed-forward parts side by side"
            : architecture.Layers.Distinct().Select(layer => Missing(layer.Mixer) ?? Missing(layer.FeedForward))
                .FirstOrDefault(what => what is not null);
    }

    private static string? Missing(TokenMixer? mixer) => mixer switch
    {
        AttentionMixer { ChunkTokens: > 0 } => "chunked attention",
        AttentionMixer { ReusesCache: true } => "attention over the cache of another layer",
        AttentionMixer { ValuesAreKeys: true } => "attention whose values are its keys",
        AttentionMixer { ValueNorm: true } => "norms on values",
        AttentionMixer { ValueScale: not 1 } => "factor on the values",
        AttentionMixer { HeadGate: true } => "gates on attention heads",
        AttentionMixer { InputSize: > 0 } => "attention over another width than the residual stream's",
        AttentionMixer { TemperatureScale: not 0 } => "queries that grow with their position",
        AttentionMixer { QkvClip: > 0 } => "clipping of queries, keys and values",
        AttentionMixer { OutputGate: true } => "gates on attention",
        AttentionMixer { QkNormAfterRope: true } => "norms behind rotary positions",
        AttentionMixer { QkNorm: not (QkNormKind.None or QkNormKind.PerHead or QkNormKind.NonParametric) } attention =>
            $"norms on queries and keys of the kind {attention.QkNorm}",
        AttentionMixer { HeadDim: > AttentionKernels.MaxWidth } attention => $"attention heads {attention.HeadDim} wide",
        AttentionMixer attention when attention.HeadDim % 8 != 0 => $"attention heads {attention.HeadDim} wide, no multiple of 8",
        AttentionMixer attention when attention.HeadDim != attention.ValueHeadDim => "value heads of another width than the keys",
        AttentionMixer => null,
        LatentAttentionMixer => "latent attention",
        _ => "layers that keep a state",
    };

    private static string? Missing(FeedForward? feedForward) => feedForward switch
    {
        DenseFeedForward { Gated: false } or MoeFeedForward { Gated: false } => "networks without a gate",
        DenseFeedForward { GateCutoff: not null } => "cutoff of gates",
        MoeFeedForward { ParallelDenseIntermediateSize: > 0 } => "dense network beside the experts",
        MoeFeedForward { HashRouting: true } or MoeFeedForward { RouterRows: > 0 } or MoeFeedForward { RouterInputSize: > 0 }
            or MoeFeedForward { ExpertInputSize: > 0 } => "way to route by a table or by another width than the residual stream's",
        MoeFeedForward { RouterGroups: > 1 } => "routing to groups of experts",
        MoeFeedForward { RouterJitter: > 0 } => "routing by SparseMixer",
        MoeFeedForward { ScaleExpertInput: true } => "experts whose inputs are scaled",
        DenseFeedForward or MoeFeedForward => null,
        _ => "layers without a feed-forward part",
    };
}
