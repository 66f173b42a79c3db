namespace Inferometer.Simulation.Compatibility;

/// <summary>
/// Where the time of a step goes, milliseconds. The parts overlap: an all-reduce of attention is in <see cref="AttentionMs"/> and in
/// <see cref="CollectiveMs"/>.
/// </summary>
public sealed record CompatibilityBreakdown
{
    /// <summary>Embedding and LM head with their collectives.</summary>
    public required double EmbeddingMs { get; init; }

    /// <summary>Attention blocks with their collectives.</summary>
    public required double AttentionMs { get; init; }

    /// <summary>Feed-forward blocks with their collectives.</summary>
    public required double FeedForwardMs { get; init; }

    /// <summary>All communication.</summary>
    public required double CollectiveMs { get; init; }

    /// <summary>Score and value products.</summary>
    public required double ScoreAndValueMs { get; init; }

    /// <summary>Projections of attention.</summary>
    public required double ProjectionMs { get; init; }

    /// <summary>Matrix products of the feed-forward blocks.</summary>
    public required double FeedForwardProductMs { get; init; }

    /// <summary>All-reduces and all-gathers.</summary>
    public required double AllReduceMs { get; init; }

    /// <summary>All-to-alls.</summary>
    public required double AllToAllMs { get; init; }

    /// <summary>Sends between pipeline stages.</summary>
    public required double SendMs { get; init; }

    internal static CompatibilityBreakdown Of(IReadOnlyList<CompatibilityOperator> operators)
    {
        double Sum(Func<CompatibilityOperator, bool> which) => operators.Where(which).Sum(o => o.Count * o.LatencyMs);
        return new CompatibilityBreakdown
        {
            EmbeddingMs = Sum(o => o.Block == CompatibilityBlock.Embedding),
            AttentionMs = Sum(o => o.Block == CompatibilityBlock.Attention),
            FeedForwardMs = Sum(o => o.Block == CompatibilityBlock.FeedForward),
            CollectiveMs = Sum(o => o.Collective is not null),
            ScoreAndValueMs = Sum(o => o.Kind is CompatibilityOperatorKind.Score or CompatibilityOperatorKind.Value),
            ProjectionMs = Sum(o => o.Block == CompatibilityBlock.Attention && o.Kind == CompatibilityOperatorKind.MatrixProduct),
            FeedForwardProductMs = Sum(o => o.Block == CompatibilityBlock.FeedForward && o.Kind == CompatibilityOperatorKind.MatrixProduct),
            AllReduceMs = Sum(o => o.Collective is CompatibilityCollective.AllReduce or CompatibilityCollective.AllGather),
            AllToAllMs = Sum(o => o.Collective == CompatibilityCollective.AllToAll),
            SendMs = Sum(o => o.Collective == CompatibilityCollective.Send),
        };
    }
}
