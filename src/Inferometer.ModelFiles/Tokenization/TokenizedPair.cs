namespace Inferometer.ModelFiles.Tokenization;

/// <summary>Two texts as one sequence of tokens, as encoders that compare texts read them.</summary>
/// <param name="Ids">Token ids.</param>
/// <param name="Segments">The segment of each (<c>token_type_ids</c>): 0 or 1.</param>
public sealed record TokenizedPair(int[] Ids, int[] Segments);
