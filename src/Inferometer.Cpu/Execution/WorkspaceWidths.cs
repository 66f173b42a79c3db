using System.Runtime.InteropServices;
using Inferometer.Core.Models;

namespace Inferometer.Cpu.Execution;

/// <summary>Widest row of each kind over the layers of a model.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct WorkspaceWidths(int Hidden, int Query, int Key, int Value, int Attended, int FeedForward, int Experts)
{
    /// <summary>
    /// Attention and feed-forward part run side by side, each behind a norm of its own, or a dense network beside experts.
    /// </summary>
    public bool HasTwoInputs { get; init; }

    public static WorkspaceWidths Of(ModelArchitecture architecture)
    {
        WorkspaceWidths widths = new(architecture.HiddenSize, 0, 0, 0, 0, 0, 0)
        {
            HasTwoInputs = (architecture.ParallelBlocks && architecture.PreBlockNorms > 1)
                || architecture.Layers.Any(layer => layer.FeedForward is MoeFeedForward { ParallelDenseIntermediateSize: > 0 }),
        };
        foreach (LayerArchitecture layer in architecture.Layers)
        {
            if (layer.Mixer is AttentionMixer mixer)
            {
                widths = widths with
                {
                    Query = Math.Max(widths.Query, mixer.Heads * mixer.HeadDim),
                    Key = Math.Max(widths.Key, mixer.KvHeads * mixer.HeadDim),
                    Value = Math.Max(widths.Value, mixer.KvHeads * mixer.ValueHeadDim),
                    Attended = Math.Max(widths.Attended, mixer.Heads * mixer.ValueHeadDim),
                };
            }

            widths = layer.FeedForward switch
            {
                DenseFeedForward dense => widths with { FeedForward = Math.Max(widths.FeedForward, dense.IntermediateSize) },
                MoeFeedForward moe => widths with
                {
                    FeedForward = Math.Max(
                        Math.Max(widths.FeedForward, moe.ParallelDenseIntermediateSize),
                        Math.Max(moe.ExpertIntermediateSize, moe.SharedIntermediateSize)),
                    Experts = Math.Max(widths.Experts, moe.Experts),
                },
                _ => widths,
            };
        }

        return widths;
    }
}
