using ILGPU;

namespace Inferometer.Gpu.Kernels;

/// <summary>What <see cref="RowKernels.Route"/> reads and writes.</summary>
internal struct RouteArguments
{
    /// <summary>Scores, [tokens][experts]; become probabilities.</summary>
    public ArrayView<float> Scores;

    /// <summary>Added to probabilities for the choice alone, [experts].</summary>
    public ArrayView<float> Correction;

    /// <summary>Chosen experts, [tokens][choices].</summary>
    public ArrayView<int> Chosen;

    /// <summary>Their shares, as many.</summary>
    public ArrayView<float> Shares;

    /// <summary>Rows.</summary>
    public int Tokens;

    /// <summary>Experts there are.</summary>
    public int Experts;

    /// <summary>Experts of a token.</summary>
    public int Choices;

    /// <summary>Factor on the shares.</summary>
    public float Scale;

    /// <summary>Probabilities are sigmoids of their own, not shares of one.</summary>
    public int IsSigmoid;

    /// <summary>Shares of the chosen sum up to one.</summary>
    public int Normalises;

    /// <summary>Whether there is a correction.</summary>
    public int HasCorrection;
}
