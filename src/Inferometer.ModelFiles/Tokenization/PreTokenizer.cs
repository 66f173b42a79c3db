using System.Text.RegularExpressions;
using Inferometer.Core;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>Cuts text into the pieces no token crosses: every step cuts the pieces of the one before. Thread-safe.</summary>
internal sealed class PreTokenizer(IReadOnlyList<SplitStep> steps)
{
    /// <summary>The pieces of text without unpaired surrogates, in order.</summary>
    /// <exception cref="InferometerException">A pattern from a file takes too long on this text.</exception>
    public List<TextPiece> Split(string text)
    {
        CategoryShadow? shadow = text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') ? CategoryShadow.Of(text) : null;
        ReadOnlySpan<char> units = shadow is null ? text : shadow.Units;
        List<TextPiece> pieces = [new TextPiece(0, units.Length)];
        List<TextPiece> next = [];
        foreach (SplitStep step in steps)
        {
            next.Clear();
            foreach (TextPiece piece in pieces)
            {
                Split(step, units, piece, next);
            }

            (pieces, next) = (next, pieces);
        }

        if (shadow is not null)
        {
            for (int i = 0; i < pieces.Count; i++)
            {
                pieces[i] = shadow.Original(pieces[i]);
            }
        }

        return pieces;
    }

    private static void Split(SplitStep step, ReadOnlySpan<char> units, TextPiece piece, List<TextPiece> output)
    {
        try
        {
            step.Split(units, piece, output);
        }
        catch (RegexMatchTimeoutException exception)
        {
            throw new InferometerException(
                $"The tokenizer's pattern '{exception.Pattern}' takes too long on this text; the tokenizer file is not usable.", exception);
        }
    }
}
