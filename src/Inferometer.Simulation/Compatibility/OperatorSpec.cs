using System.Runtime.InteropServices;

namespace Inferometer.Simulation.Compatibility;

/// <summary>The part of the network an operator belongs to.</summary>
internal enum CompatibilityBlock
{
    Embedding,
    Attention,
    FeedForward,
    Pipeline,
}

/// <summary>Operands that stay on the device; the others cross its memory.</summary>
[Flags]
internal enum OnChip
{
    None = 0,
    Input = 1,
    Output = 2,
    InputAndOutput = Input | Output,
}

/// <summary>
/// One operator of a graph: how many multiply-adds, and how many elements of input (A), weights or cache (W), and output (O).
/// </summary>
internal abstract record OperatorSpec(string Name, CompatibilityBlock Block)
{
    public abstract CompatibilityOperatorKind Kind { get; }

    public virtual double Macs => 0;

    public virtual double InputElements => 0;

    public virtual double WeightElements => 0;

    public virtual double OutputElements => 0;

    public virtual OnChip OnChip => OnChip.None;

    /// <summary>Shapes of A, W and O, or of the message.</summary>
    public abstract IReadOnlyList<IReadOnlyList<long>> Shapes(bool rowsBeforeTokens);
}

/// <summary>A matrix product: [Batch, inputs, tokens] by [outputs, inputs].</summary>
internal sealed record MatrixProduct(
    string Name, CompatibilityBlock Block, long Batch, long Outputs, long Tokens, long Inputs, OnChip Placement = OnChip.None)
    : OperatorSpec(Name, Block)
{
    public override CompatibilityOperatorKind Kind => CompatibilityOperatorKind.MatrixProduct;

    public override double Macs => (double)Batch * Outputs * Tokens * Inputs;

    public override double InputElements => (double)Batch * Inputs * Tokens;

    public override double WeightElements => (double)Outputs * Inputs;

    public override double OutputElements => (double)Batch * Outputs * Tokens;

    public override OnChip OnChip => Placement;

    public override IReadOnlyList<IReadOnlyList<long>> Shapes(bool rowsBeforeTokens)
    {
        return rowsBeforeTokens
            ? [[Batch, Inputs, Tokens], [Outputs, Inputs], [Batch, Outputs, Tokens]]
            : [[Batch, Tokens, Inputs], [Outputs, Inputs], [Batch, Tokens, Outputs]];
    }
}

/// <summary>
/// Sizes of one attention product: H query heads, M queries, N keys, head width, KV heads, and the share of the M x N square that is
/// computed.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AttentionSize(long Batch, long Heads, long Queries, long Keys, long Width, long KvHeads, double Share)
{
    public double Macs => (double)Batch * Heads * Queries * Keys * Width * Share;

    public double QueryElements => (double)Batch * Heads * Queries * Width;

    public double ScoreElements => (double)Batch * Heads * Queries * Keys;

    public double CacheElements => (double)Batch * KvHeads * Keys * Width;

    public IReadOnlyList<long> QueryShape => [Batch, Heads, Queries, Width];

    public IReadOnlyList<long> ScoreShape => [Batch, Heads, Queries, Keys];

    public IReadOnlyList<long> CacheShape => [Batch, KvHeads, Keys, Width];

    /// <summary>Share of the scores that a causal mask leaves, when the last query sees all keys.</summary>
    public static double CausalShare(long queries, long keys) =>
        queries <= 1 ? 1 : 1 - ((queries - 1) / (2.0 * Math.Max(keys, queries)));
}

/// <summary>Queries times cached keys.</summary>
internal sealed record ScoreProduct(string Name, AttentionSize Size, OnChip Placement) : OperatorSpec(Name, CompatibilityBlock.Attention)
{
    public override CompatibilityOperatorKind Kind => CompatibilityOperatorKind.Score;

    public override double Macs => Size.Macs;

    public override double InputElements => Size.QueryElements;

    public override double WeightElements => Size.CacheElements;

    public override double OutputElements => Size.ScoreElements;

    public override OnChip OnChip => Placement;

    public override IReadOnlyList<IReadOnlyList<long>> Shapes(bool rowsBeforeTokens) => [Size.QueryShape, Size.CacheShape, Size.ScoreShape];
}

/// <summary>Scores times cached values.</summary>
internal sealed record ValueProduct(string Name, AttentionSize Size, OnChip Placement) : OperatorSpec(Name, CompatibilityBlock.Attention)
{
    public override CompatibilityOperatorKind Kind => CompatibilityOperatorKind.Value;

    public override double Macs => Size.Macs;

    public override double InputElements => Size.ScoreElements;

    public override double WeightElements => Size.CacheElements;

    public override double OutputElements => Size.QueryElements;

    public override OnChip OnChip => Placement;

    public override IReadOnlyList<IReadOnlyList<long>> Shapes(bool rowsBeforeTokens) => [Size.ScoreShape, Size.CacheShape, Size.QueryShape];
}

/// <summary>A message of batch x tokens x width elements among ranks.</summary>
internal sealed record Message(
    string Name, CompatibilityBlock Block, CompatibilityCollective Collective, int Ranks, long Batch, long Tokens, long Width)
    : OperatorSpec(Name, Block)
{
    public override CompatibilityOperatorKind Kind => CompatibilityOperatorKind.Communication;

    public double Elements => (double)Batch * Tokens * Width;

    public override IReadOnlyList<IReadOnlyList<long>> Shapes(bool rowsBeforeTokens) => [[Batch, Tokens, Width]];
}
