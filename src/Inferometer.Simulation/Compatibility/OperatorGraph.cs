using System.Runtime.InteropServices;
using Inferometer.Core;

namespace Inferometer.Simulation.Compatibility;

/// <summary>An operator and how often it runs.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct GraphNode(OperatorSpec Operator, int Count);

/// <summary>Arranges layers into pipeline stages.</summary>
internal static class OperatorGraph
{
    /// <summary>
    /// What comes before the layers, pipeline - 1 equal stages of ceil(layers / pipeline) layers each followed by a send, the
    /// remaining layers, and what comes after. Interleaved windows start anew in every stage.
    /// </summary>
    /// <param name="shard">The model on one rank.</param>
    /// <param name="before">Operators ahead of the first layer.</param>
    /// <param name="layer">Operators of one layer that sees at most so many keys.</param>
    /// <param name="handover">Message from stage to stage: batch and tokens.</param>
    /// <param name="after">Operators behind the last layer.</param>
    /// <param name="honourWindows">Interleaved windows count.</param>
    public static List<GraphNode> Arrange(
        ModelShard shard,
        IEnumerable<OperatorSpec> before,
        Func<long, IEnumerable<OperatorSpec>> layer,
        (long Batch, long Tokens) handover,
        IEnumerable<OperatorSpec> after,
        bool honourWindows)
    {
        int layers = shard.Model.Layers;
        int stages = shard.Deployment.PipelineParallel;
        int perStage = (layers + stages - 1) / stages;
        int last = layers - (perStage * (stages - 1));
        if (last < 0)
        {
            throw new InferometerException(FormattableString.Invariant(
                $"Pipeline parallelism {stages} leaves a stage without layers: '{shard.Model.Name}' has {layers}, ")
                + FormattableString.Invariant($"and {stages - 1} stages of {perStage} already exceed that."));
        }

        List<GraphNode> graph = [.. before.Select(o => new GraphNode(o, 1))];
        if (stages > 1)
        {
            AddStage(graph, shard.Model, layer, perStage, repeats: stages - 1, honourWindows);
            Message send = new(
                "Message Pass",
                CompatibilityBlock.Pipeline,
                CompatibilityCollective.Send,
                2,
                handover.Batch,
                handover.Tokens,
                shard.Model.HiddenSize);
            graph.Add(new GraphNode(send, stages - 1));
        }

        AddStage(graph, shard.Model, layer, last, repeats: 1, honourWindows);
        graph.AddRange(after.Select(o => new GraphNode(o, 1)));
        return graph;
    }

    private static void AddStage(
        List<GraphNode> graph,
        CompatibilityModel model,
        Func<long, IEnumerable<OperatorSpec>> layer,
        int layers,
        int repeats,
        bool honourWindows)
    {
        foreach ((long keys, int count) in LayerGroups(model, layers, honourWindows))
        {
            if (count > 0)
            {
                graph.AddRange(layer(keys).Select(o => new GraphNode(o, count * repeats)));
            }
        }
    }

    /// <summary>Keys a layer may see, and how many of a stage's layers see so many.</summary>
    private static IEnumerable<(long Keys, int Count)> LayerGroups(CompatibilityModel model, int layers, bool honourWindows)
    {
        if (!honourWindows || model.GlobalLayerPeriod is not { } period || model.WindowTokens is not { } window)
        {
            yield return (long.MaxValue, layers);
            yield break;
        }

        int global = (layers + period - 1) / period;
        yield return (long.MaxValue, global);
        yield return (window, layers - global);
    }
}
