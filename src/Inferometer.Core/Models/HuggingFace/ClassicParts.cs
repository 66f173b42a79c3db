namespace Inferometer.Core.Models.HuggingFace;

/// <summary>What single families after GPT have outside their layers.</summary>
internal static class ClassicParts
{
    /// <summary>
    /// CPM-Ant: biases for the buckets within a segment and for every pair of segments, a table of segments, and one of prompts.
    /// </summary>
    public static IEnumerable<SidePart> CpmAntTables(LayerFactory f)
    {
        long segments = f.Fields.IntOr(32, 1, 1 << 16, "segment_types");
        long buckets = f.Fields.IntOr(512, 1, 1 << 20, "position_bias_num_buckets");
        long heads = f.Fields.Int(Limits.Heads, "num_attention_heads");
        long prompts = (long)f.Fields.IntOr(32, 1, 1 << 16, "prompt_types") * f.Fields.IntOr(32, 1, 1 << 16, "prompt_length");
        yield return new("position biases", heads * ((segments * segments) + buckets), SidePartUse.LookedUp);
        yield return new("segment and prompt tables", (segments + prompts) * f.Hidden, SidePartUse.LookedUp);
    }
}
