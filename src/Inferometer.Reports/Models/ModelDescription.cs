using Inferometer.Core.Models;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Models;

/// <summary>An architecture in words.</summary>
public static class ModelDescription
{
    /// <summary>The kind of attention in a word: <c>GQA 32/8</c>.</summary>
    public static string Brief(ModelArchitecture model)
    {
        ArgumentNullException.ThrowIfNull(model);
        string[] kinds = [.. model.Layers.Select(l => l.Mixer).OfType<TokenMixer>().Select(Brief).Distinct(StringComparer.Ordinal)];
        return kinds.Length == 1 ? kinds[0] : "hybrid";
    }

    /// <summary>Each kind of token mixer with the number of layers that have it.</summary>
    public static string Mixers(ModelArchitecture model) =>
        Counted(model, l => l.Mixer is null ? null : Describe(l.Mixer));

    /// <summary>Each kind of feed-forward part with the number of layers that have it.</summary>
    public static string FeedForwards(ModelArchitecture model) =>
        Counted(model, l => l.FeedForward is null ? null : Describe(l.FeedForward));

    private static string Counted(ModelArchitecture model, Func<LayerArchitecture, string?> kind)
    {
        ArgumentNullException.ThrowIfNull(model);
        (string Text, int Count)[] groups =
        [
            .. model.Layers.Select(kind).OfType<string>().GroupBy(k => k, StringComparer.Ordinal).Select(g => (g.Key, g.Count())),
        ];
        return groups is [(string only, int all)] && all == model.LayerCount
            ? only
            : string.Join("; ", groups.Select(g => $"{g.Count} {(g.Count == 1 ? "layer" : "layers")} {g.Text}"));
    }

    private static string Brief(TokenMixer mixer) => mixer switch
    {
        AttentionMixer { KvHeads: 1, Heads: > 1 } m => $"MQA {m.Heads}",
        AttentionMixer m when m.KvHeads < m.Heads => $"GQA {m.Heads}/{m.KvHeads}",
        AttentionMixer m => $"MHA {m.Heads}",
        LatentAttentionMixer m => $"MLA {m.Heads}",
        CompressedAttentionMixer m => $"CSA {m.Heads}",
        GatedDeltaMixer => "linear",
        MambaMixer => "Mamba-2",
        RecurrentMixer m => m.Kind,
        _ => "other",
    };

    private static string Describe(TokenMixer mixer) => mixer switch
    {
        AttentionMixer m => $"{Brief(m).Split(' ')[0]}, {m.Heads} query heads, {m.KvHeads} KV heads of width {m.HeadDim}{Window(m)}",
        LatentAttentionMixer m =>
            $"MLA, {m.Heads} heads, latent {m.KvRank} + rotary {m.RopeHeadDim}{(m.IndexTopK > 0 ? $", at most "
                + $"{Numbers.Whole(m.IndexTopK)} tokens read" : "")}",
        CompressedAttentionMixer m =>
            $"compressed attention, {m.Heads} heads of width {m.HeadDim}, window "
                + $"{Numbers.Whole(m.WindowTokens)}{(m.CompressionRatio > 0 ? $", {m.CompressionRatio} tokens pooled" : "")}",
        GatedDeltaMixer m => $"gated delta rule, {m.ValueHeads} value heads, state {m.KeyHeadDim} x {m.ValueHeadDim} each",
        RecurrentMixer m => $"{m.Kind}, state of {Numbers.Whole(m.StateElements)} elements",
        MambaMixer m => $"Mamba-2, {m.Heads} heads, state {m.HeadDim} x {m.StateSize} each",
        _ => mixer.GetType().Name,
    };

    private static string Window(AttentionMixer m) => (m.WindowTokens, m.ChunkTokens) switch
    {
        ( > 0, _) => $", window {Numbers.Whole(m.WindowTokens)}",
        (_, > 0) => $", chunks of {Numbers.Whole(m.ChunkTokens)}",
        _ => "",
    };

    private static string Describe(FeedForward part) => part switch
    {
        DenseFeedForward m => $"dense, {(m.Gated ? "gated, " : "")}width {Numbers.Whole(m.IntermediateSize)}",
        MoeFeedForward m => $"{m.ExpertsPerToken} of {m.Experts} experts of width {Numbers.Whole(m.ExpertIntermediateSize)}"
            + (m.SharedIntermediateSize > 0 ? $" and shared {Numbers.Whole(m.SharedIntermediateSize)}" : "")
            + (m.ParallelDenseIntermediateSize > 0 ? $" and dense {Numbers.Whole(m.ParallelDenseIntermediateSize)}" : ""),
        _ => part.GetType().Name,
    };
}
