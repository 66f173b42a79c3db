using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>What becomes of the matches of a splitting pattern.</summary>
internal enum SplitBehavior
{
    /// <summary>Each match is a piece of its own.</summary>
    Isolated,

    /// <summary>Matches are dropped.</summary>
    Removed,

    /// <summary>A match ends the piece before it.</summary>
    MergedWithPrevious,

    /// <summary>A match begins the piece after it.</summary>
    MergedWithNext,

    /// <summary>Neighbouring matches form one piece.</summary>
    Contiguous,
}

/// <summary>Cuts every piece further by a pattern.</summary>
/// <param name="Pattern">What is matched.</param>
/// <param name="Behavior">What becomes of the matches.</param>
/// <param name="Invert">Swaps matches and what lies between them.</param>
internal sealed record SplitStep(Regex Pattern, SplitBehavior Behavior = SplitBehavior.Isolated, bool Invert = false)
{
    /// <summary>Appends the pieces of <c>text[start, start + length)</c>; look-around does not see beyond it.</summary>
    public void Split(ReadOnlySpan<char> text, TextPiece piece, List<TextPiece> output)
    {
        ReadOnlySpan<char> span = text.Slice(piece.Start, piece.Length);
        var cutter = new Cutter(this, piece.Start, output);
        int end = 0;
        foreach (ValueMatch match in Pattern.EnumerateMatches(span))
        {
            // A match of no characters cuts and is no piece (what looks ahead only); right behind another one there is a cut already.
            if (match.Length == 0)
            {
                cutter.Cut(end, match.Index - end, isMatch: Invert);
                end = match.Index;
                continue;
            }

            cutter.Add(end, match.Index - end, isMatch: Invert);
            cutter.Add(match.Index, match.Length, isMatch: !Invert);
            end = match.Index + match.Length;
        }

        cutter.Add(end, span.Length - end, isMatch: Invert);
        cutter.Finish();
    }

    // Holds one piece back, because a following stretch may still join it.
    private ref struct Cutter(SplitStep step, int origin, List<TextPiece> output)
    {
        private int _start;
        private int _length;
        private bool _heldIsMatch;

        public void Add(int at, int count, bool isMatch)
        {
            if (count == 0)
            {
                return;
            }

            bool joins = _length > 0 && step.Behavior switch
            {
                SplitBehavior.MergedWithPrevious => isMatch && !_heldIsMatch,
                SplitBehavior.MergedWithNext => !isMatch && _heldIsMatch,
                SplitBehavior.Contiguous => isMatch == _heldIsMatch,
                _ => false,
            };
            if (!joins)
            {
                Finish();
                (_start, _length) = (at, 0);
            }

            _length += count;
            _heldIsMatch = isMatch;
        }

        public void Cut(int at, int count, bool isMatch)
        {
            if (count > 0)
            {
                Add(at, count, isMatch);
                Finish();
            }
        }

        public void Finish()
        {
            if (_length > 0 && !(_heldIsMatch && step.Behavior == SplitBehavior.Removed))
            {
                output.Add(new TextPiece(origin + _start, _length));
            }

            _length = 0;
        }
    }
}

/// <summary>A stretch of text: where it starts and how many UTF-16 units it has.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct TextPiece(int Start, int Length);
