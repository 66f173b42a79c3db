namespace Inferometer.Core.Models;

/// <summary>
/// A mixer with a fixed state per sequence, described by its sizes: matrices, a causal convolution and a recurrence over a state.
/// Mamba-1, RWKV-4, short convolutions, lightning attention, Kimi's delta attention, the xLSTM and Griffin differ in these numbers alone.
/// </summary>
public sealed record RecurrentMixer : TokenMixer
{
    /// <summary>Name of the recurrence, such as <c>Mamba-1</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Heads, or channels where there are no heads: the pieces that devices can share.</summary>
    public required int Heads { get; init; }

    /// <summary>The matrices, in order of use.</summary>
    public required EquatableList<RecurrentProjection> Projections { get; init; }

    /// <summary>Parameters that are applied element by element: decays, mixes, inner norms.</summary>
    public long ElementParameters { get; init; }

    /// <summary>Channels of the causal convolution; 0 = none.</summary>
    public int ConvolutionChannels { get; init; }

    /// <summary>Taps of the causal convolution.</summary>
    public int ConvolutionTaps { get; init; }

    /// <summary>The convolution has a bias.</summary>
    public bool ConvolutionBias { get; init; }

    /// <summary>Elements of the recurrent state of one sequence, kept in 32-bit floats.</summary>
    public long StateElements { get; init; }

    /// <summary>FLOPs of the recurrence per state element and token.</summary>
    public double FlopsPerStateElement { get; init; }

    /// <summary>LFM2's gated short convolution (arXiv:2511.23404): two gates and what is convolved are projected together.</summary>
    /// <param name="hidden">Width of the residual stream, and channels.</param>
    /// <param name="taps">Taps.</param>
    /// <param name="bias">Matrices and convolution have biases.</param>
    public static RecurrentMixer ShortConvolution(int hidden, int taps, bool bias) => new()
    {
        Kind = "short convolution",
        Heads = hidden,
        Projections =
        [
            new("in_projection", hidden, 3 * hidden, Bias: bias),
            new("out_projection", hidden, hidden, ProjectionSplit.Inputs, bias),
        ],
        ConvolutionChannels = hidden,
        ConvolutionTaps = taps,
        ConvolutionBias = bias,
    };
}

/// <summary>One matrix of a <see cref="RecurrentMixer"/>.</summary>
/// <param name="Name">Name, such as <c>in_projection</c>.</param>
/// <param name="Inputs">Columns.</param>
/// <param name="Outputs">Rows.</param>
/// <param name="Split">What a tensor-parallel group shares out.</param>
/// <param name="Bias">It has a bias.</param>
public sealed record RecurrentProjection(
    string Name, int Inputs, int Outputs, ProjectionSplit Split = ProjectionSplit.Outputs, bool Bias = false)
{
    /// <summary>Elements of the matrix and its bias.</summary>
    public long Parameters => checked((long)Inputs * Outputs + (Bias ? Outputs : 0));
}

/// <summary>What a tensor-parallel group shares out of a matrix.</summary>
public enum ProjectionSplit
{
    /// <summary>Its rows.</summary>
    Outputs,

    /// <summary>Its columns; the partial sums are added over the group.</summary>
    Inputs,

    /// <summary>Nothing: every device holds it whole.</summary>
    None,
}
