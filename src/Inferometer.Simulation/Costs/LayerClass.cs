using Inferometer.Core.Models;
using Inferometer.Simulation.Operators;

namespace Inferometer.Simulation.Costs;

/// <summary>
/// A distinct layer, or the part before the first, after the last, or between two stages: its operators and what it keeps in memory.
/// </summary>
internal sealed class LayerClass
{
    public LayerClass(int index, OperatorList list, LayerArchitecture? layer, in StagePlace place)
    {
        StagePlace where = place;
        TokenMixer? mixer = layer?.Mixer;
        Index = index;
        Templates = [.. list.Items];
        Compiled = [.. Templates.Select(item => new CompiledOperator(item, where))];
        WeightBytes = Templates.Where(item => !where.IsOnHost(item)).Sum(item => item.ResidentBytes);
        HostWeightBytes = Templates.Where(item => where.IsOnHost(item)).Sum(item => item.ResidentBytes);
        CacheIsOnHost = place.Part == HostPart.Layer;
        StateBytes = RecurrentOperators.StateBytes(mixer, list.Profile) + RecurrentOperators.StateBytes(layer?.ParallelMixer, list.Profile);
        (KvBytesPerToken, KvCapTokens) = Kv(mixer, list.Profile);
        WindowBytesPerToken = mixer is CompressedAttentionMixer { CompressionRatio: > 0 } pooled
            ? pooled.HeadDim * list.Profile.KvBytes
            : 0;
        WindowTokens = Kept((mixer as CompressedAttentionMixer)?.WindowTokens ?? 0, list.Profile);
    }

    /// <summary>Number of the distinct layer; -1 outside the layers.</summary>
    public int Index { get; }

    public OperatorTemplate[] Templates { get; }

    public CompiledOperator[] Compiled { get; }

    /// <summary>Weights of one such layer on one device.</summary>
    public double WeightBytes { get; }

    /// <summary>Weights of one such layer with the host.</summary>
    public double HostWeightBytes { get; }

    /// <summary>Such a layer keeps something of the tokens that it has seen.</summary>
    public bool HasCache => KvBytesPerToken > 0 || WindowBytesPerToken > 0 || StateBytes > 0;

    /// <summary>The host computes the whole layer and keeps its cache.</summary>
    public bool CacheIsOnHost { get; }

    /// <summary>KV bytes one token takes in one such layer on one device.</summary>
    public double KvBytesPerToken { get; }

    /// <summary>Most tokens of a sequence the layer keeps; 0 = all.</summary>
    public int KvCapTokens { get; }

    /// <summary>Bytes a token takes in a window kept beside the main cache (compressed attention).</summary>
    public double WindowBytesPerToken { get; }

    /// <summary>Tokens of that window.</summary>
    public int WindowTokens { get; }

    /// <summary>Recurrent state of one sequence.</summary>
    public double StateBytes { get; }

    // The window and the tokens of a step, which are written before the oldest ones are let go; llama.cpp rounds up to 256.
    private static int Kept(int window, DeploymentProfile profile)
    {
        const int Multiple = 256;
        int extra = profile.Request.WindowExtraTokens;
        long whole = ((long)window + extra + Multiple - 1) / Multiple * Multiple;
        return window == 0 || extra == 0 ? window : (int)Math.Min(int.MaxValue, whole);
    }

    private static (double BytesPerToken, int Cap) Kv(TokenMixer? mixer, DeploymentProfile profile) => mixer switch
    {
        AttentionMixer { ReusesCache: true } => (0, 0),
        AttentionMixer attention => (
            DeploymentProfile.Part(attention.KvHeads, profile.Tensor) * (attention.HeadDim + attention.ValueHeadDim) * profile.KvBytes,
            Kept(Math.Max(attention.WindowTokens, attention.ChunkTokens), profile)),
        CompressedAttentionMixer { CompressionRatio: 0 } window => (window.HeadDim * profile.KvBytes, Kept(window.WindowTokens, profile)),
        LatentAttentionMixer latent => (
            (DeploymentProfile.CachedElements(latent) * profile.KvBytes) + DeploymentProfile.IndexKeyBytes(latent), 0),
        CompressedAttentionMixer => (DeploymentProfile.CachedElements(mixer) * profile.KvBytes, 0),
        _ => (0, 0),
    };
}
