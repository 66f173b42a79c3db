namespace Inferometer.ModelFiles.Tokenization;

/// <summary>How two texts become one sequence of tokens: special tokens before, between and behind them, and the segment of each.</summary>
/// <param name="Parts">In order.</param>
internal sealed record PairTemplate(IReadOnlyList<PairPart> Parts)
{
    /// <summary>BERT's: begin, first text, separators, second text, end.</summary>
    /// <param name="begin">Before the first text; null for none.</param>
    /// <param name="between">Between the two.</param>
    /// <param name="end">Behind the second text; null for none.</param>
    /// <param name="secondSegment">Segment of the second text and what ends it.</param>
    public static PairTemplate Of(int? begin, IReadOnlyList<int> between, int? end, int secondSegment) => new(
    [
        .. begin is int first ? [PairPart.Token(first, 0)] : (ReadOnlySpan<PairPart>)[],
        PairPart.FirstText(0),
        .. between.Select((id, index) => PairPart.Token(id, index == 0 ? 0 : secondSegment)),
        PairPart.SecondText(secondSegment),
        .. end is int last ? [PairPart.Token(last, secondSegment)] : (ReadOnlySpan<PairPart>)[],
    ]);
}

/// <summary>A part of a pair: one of the texts, or a special token.</summary>
/// <param name="Text">0 for the first text, 1 for the second, null for a token.</param>
/// <param name="Id">The token.</param>
/// <param name="Segment">Its segment (<c>token_type_id</c>).</param>
internal sealed record PairPart(int? Text, int Id, int Segment)
{
    public static PairPart Token(int id, int segment) => new(null, id, segment);

    public static PairPart FirstText(int segment) => new(0, 0, segment);

    public static PairPart SecondText(int segment) => new(1, 0, segment);
}
