using Inferometer.Core.Models;

namespace Inferometer.Cpu.Execution;

/// <summary>
/// Intermediate rows of a step, one array per purpose. Arrays grow to the largest step seen and are then reused, so a step no larger
/// than an earlier one allocates nothing.
/// </summary>
internal sealed class Workspace
{
    private readonly WorkspaceWidths _widths;
    private int _capacityTokens;

    public Workspace(ModelArchitecture architecture) => _widths = WorkspaceWidths.Of(architecture);

    /// <summary>Residual stream, [tokens, hidden].</summary>
    public float[] Residual { get; private set; } = [];

    /// <summary>Normalised input of a block, [tokens, hidden].</summary>
    public float[] Normed { get; private set; } = [];

    /// <summary>Input of the feed-forward part where it runs beside attention with a norm of its own, [tokens, hidden].</summary>
    public float[] FeedForwardInput { get; private set; } = [];

    /// <summary>Output of a block before it joins the residual, [tokens, hidden].</summary>
    public float[] BlockOutput { get; private set; } = [];

    /// <summary>Queries, [tokens, heads x head width].</summary>
    public float[] Query { get; private set; } = [];

    /// <summary>Keys, [tokens, KV heads x head width].</summary>
    public float[] Key { get; private set; } = [];

    /// <summary>Values, [tokens, KV heads x value width].</summary>
    public float[] Value { get; private set; } = [];

    /// <summary>Attention output, [tokens, heads x value width].</summary>
    public float[] Attended { get; private set; } = [];

    /// <summary>Gate branch and then the product of both branches, [tokens, widest FFN].</summary>
    public float[] Gate { get; private set; } = [];

    /// <summary>Up branch, [tokens, widest FFN].</summary>
    public float[] Up { get; private set; } = [];

    /// <summary>Router scores, [tokens, experts].</summary>
    public float[] Router { get; private set; } = [];

    /// <summary>Rows gathered for one expert, [tokens, hidden].</summary>
    public float[] ExpertInput { get; private set; } = [];

    /// <summary>Output rows of one expert, [tokens, hidden].</summary>
    public float[] ExpertOutput { get; private set; } = [];

    /// <summary>Bytes held now.</summary>
    public long MemoryBytes => BytesPerToken(_widths) * _capacityTokens;

    /// <summary>Bytes a step of <paramref name="tokens"/> tokens needs for its intermediate rows.</summary>
    public static long RequiredBytes(ModelArchitecture architecture, int tokens) =>
        (BytesPerToken(WorkspaceWidths.Of(architecture))
            + (sizeof(float) * (RecurrentWidths.Of(architecture).Total + LatentWidths.Of(architecture).Total
                + LayerInputStage.WidthOf(architecture) + UpdateStage.WidthOf(architecture)))) * tokens;

    /// <summary>Makes room for a step of <paramref name="tokens"/> tokens.</summary>
    public void Reserve(int tokens)
    {
        if (tokens <= _capacityTokens)
        {
            return;
        }

        Residual = new float[tokens * _widths.Hidden];
        Normed = new float[tokens * _widths.Hidden];
        BlockOutput = new float[tokens * _widths.Hidden];
        FeedForwardInput = new float[_widths.HasTwoInputs ? tokens * _widths.Hidden : 0];
        Query = new float[tokens * _widths.Query];
        Key = new float[tokens * _widths.Key];
        Value = new float[tokens * _widths.Value];
        Attended = new float[tokens * _widths.Attended];
        Gate = new float[tokens * _widths.FeedForward];
        Up = new float[tokens * _widths.FeedForward];
        Router = new float[tokens * _widths.Experts];
        ExpertInput = new float[_widths.Experts > 0 ? tokens * _widths.Hidden : 0];
        ExpertOutput = new float[_widths.Experts > 0 ? tokens * _widths.Hidden : 0];
        _capacityTokens = tokens;
    }

    private static long BytesPerToken(WorkspaceWidths w) => sizeof(float) * (
        ((((w.Experts > 0 ? 5L : 3L) + (w.HasTwoInputs ? 1 : 0)) * w.Hidden)
            + w.Query + w.Key + w.Value + w.Attended + (2L * w.FeedForward) + w.Experts));
}
