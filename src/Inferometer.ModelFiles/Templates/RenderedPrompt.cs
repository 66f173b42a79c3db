using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.ModelFiles.Templates;

/// <summary>
/// A conversation as a chat template wrote it, that knows which of it the template wrote and which came from outside: what looks like a
/// control token in a message, a tool or a variable is ordinary text in its tokens. Immutable.
/// </summary>
public sealed class RenderedPrompt
{
    private readonly string _guarded;
    private readonly char? _guard;

    internal RenderedPrompt(string guarded, char? guard)
    {
        (_guarded, _guard) = (guarded, guard);
        Text = guard is { } mark ? guarded.Replace(mark.ToString(), "", StringComparison.Ordinal) : guarded;
    }

    /// <summary>The text.</summary>
    public string Text { get; }

    /// <summary>
    /// The tokens: the template's own marks as control tokens, the text of messages as text. Where nothing in them looks like a control
    /// token these are those of <see cref="Tokenizer.EncodePrompt"/> with special tokens parsed.
    /// </summary>
    /// <param name="tokenizer">The model's tokenizer, with which it was rendered.</param>
    /// <param name="addSpecial">Adds the tokens that the model expects in front of a text.</param>
    public int[] Encode(Tokenizer tokenizer, bool addSpecial = true)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return tokenizer.EncodeGuarded(_guarded, _guard, addSpecial);
    }
}
