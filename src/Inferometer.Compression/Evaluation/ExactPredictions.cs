namespace Inferometer.Compression.Evaluation;

/// <summary>What the exact cache predicts for the tokens of a step, worked out once for all caches it is compared with.</summary>
internal sealed class ExactPredictions
{
    private readonly float[] _logits;

    /// <summary>Takes the logits of a step.</summary>
    /// <param name="logits">[rows, vocabulary]; read as long as this is used.</param>
    /// <param name="vocabulary">Logits of a row.</param>
    /// <param name="targets">[rows], the tokens that followed; -1 for a row that is not scored.</param>
    public ExactPredictions(float[] logits, int vocabulary, int[] targets)
    {
        (_logits, Vocabulary, Targets) = (logits, vocabulary, targets);
        Rows = new LogitRow[targets.Length];
        Parallel.For(0, targets.Length, row => Rows[row] = LogitRow.Of(Logits(row)));
    }

    public int Vocabulary { get; }

    public int[] Targets { get; }

    public LogitRow[] Rows { get; }

    public ReadOnlySpan<float> Logits(int row) => _logits.AsSpan(row * Vocabulary, Vocabulary);
}
