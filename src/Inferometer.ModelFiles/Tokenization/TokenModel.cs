namespace Inferometer.ModelFiles.Tokenization;

/// <summary>Turns one pre-tokenized piece of normalised text into tokens. Thread-safe.</summary>
internal abstract class TokenModel
{
    /// <summary>Appends the tokens of a piece, which holds no unpaired surrogates.</summary>
    public abstract void Encode(ReadOnlySpan<char> piece, List<int> output);
}
