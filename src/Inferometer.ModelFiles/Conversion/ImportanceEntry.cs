namespace Inferometer.ModelFiles.Conversion;

/// <summary>How strongly the inputs of a weight are driven: sums of their squares over a text.</summary>
/// <param name="Sums">Sum of squares of each input, matrix after matrix where the tensor holds several (experts).</param>
/// <param name="Counts">Tokens that went into the sums of each matrix.</param>
public sealed record ImportanceEntry(float[] Sums, float[] Counts)
{
    /// <summary>Inputs of one matrix.</summary>
    public int Columns => Sums.Length / Counts.Length;
}
