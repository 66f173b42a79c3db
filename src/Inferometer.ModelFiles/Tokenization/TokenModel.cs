namespace Inferometer.ModelFiles.Tokenization;

/// <summary>Turns one pre-tokenized piece of normalised text into tokens. Thread-safe.</summary>
internal abstract class TokenModel
{
    /// <summary>
    /// Characters of a piece whose scratch space comes from the shared pool, which keeps arrays for every thread: those of a very long text
    /// would be megabytes each.
    /// </summary>
    public const int LongestPooled = 1 << 14;

    /// <summary>Appends the tokens of a piece, which holds no unpaired surrogates.</summary>
    public abstract void Encode(ReadOnlySpan<char> piece, List<int> output);
}
