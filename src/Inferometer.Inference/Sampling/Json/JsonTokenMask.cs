using System.Collections;
using Inferometer.Core;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.Inference.Sampling.Json;

/// <summary>
/// Which tokens keep a text the beginning of a JSON object. The vocabulary is sorted by bytes once, so that trying all tokens is one walk
/// over a prefix tree: shared beginnings are tried once, and a beginning that fails rules out everything under it. One per engine; not
/// thread-safe.
/// </summary>
internal sealed class JsonTokenMask
{
    private readonly Tokenizer _tokenizer;
    private readonly int[] _order; // printable tokens by their bytes
    private readonly int[] _shared; // bytes each shares with the one before it
    private readonly JsonState[] _states; // state after the first n bytes of the current token
    private readonly BitArray _allowed;

    public JsonTokenMask(Tokenizer tokenizer)
    {
        _tokenizer = tokenizer;
        _allowed = new BitArray(tokenizer.VocabularySize);
        _order = [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(IsPrintable)];
        Array.Sort(_order, (a, b) => tokenizer.TokenBytes(a).SequenceCompareTo(tokenizer.TokenBytes(b)));
        _shared = new int[_order.Length];
        int longest = 0;
        for (int i = 0; i < _order.Length; i++)
        {
            ReadOnlySpan<byte> bytes = tokenizer.TokenBytes(_order[i]);
            longest = Math.Max(longest, bytes.Length);
            _shared[i] = i == 0 ? 0 : bytes.CommonPrefixLength(tokenizer.TokenBytes(_order[i - 1]));
        }

        _states = new JsonState[longest + 1];
        RequireStructuralTokens();
    }

    /// <summary>
    /// Sets the logits of tokens that JSON forbids, or after which it could not be completed in time, to negative infinity.
    /// </summary>
    /// <param name="state">Where the text is.</param>
    /// <param name="logits">Row of <c>[vocabulary]</c>.</param>
    /// <param name="remainingTokens">Tokens that may still follow, the next one included. Every closing byte is a token of its own in the
    /// worst case.</param>
    public void Apply(in JsonState state, Span<float> logits, int remainingTokens)
    {
        Walk(state, remainingTokens - 1);
        for (int token = 0; token < logits.Length; token++)
        {
            if (token >= _allowed.Length || !_allowed[token])
            {
                logits[token] = float.NegativeInfinity;
            }
        }
    }

    /// <summary>Takes a chosen token.</summary>
    public void Advance(ref JsonState state, int token)
    {
        foreach (byte value in _tokenizer.TokenBytes(token))
        {
            if (!state.TryAdvance(value))
            {
                throw new InvalidOperationException($"token {token} does not continue the JSON text");
            }
        }
    }

    private void Walk(in JsonState state, int remainingAfter)
    {
        _allowed.SetAll(false);
        _states[0] = state;
        int valid = 0; // bytes of the current path that the automaton has taken
        for (int i = 0; i < _order.Length; i++)
        {
            if (_shared[i] > valid)
            {
                continue; // begins with a path that has failed
            }

            ReadOnlySpan<byte> bytes = _tokenizer.TokenBytes(_order[i]);
            valid = _shared[i];
            while (valid < bytes.Length)
            {
                JsonState next = _states[valid];
                if (!next.TryAdvance(bytes[valid]))
                {
                    break;
                }

                _states[++valid] = next;
            }

            _allowed[_order[i]] = valid == bytes.Length && _states[valid].ClosingLength <= remainingAfter;
        }
    }

    private bool IsPrintable(int token) =>
        _tokenizer.KindOf(token) is TokenKind.Normal or TokenKind.Byte or TokenKind.UserDefined && !_tokenizer.TokenBytes(token).IsEmpty;

    private void RequireStructuralTokens()
    {
        foreach (byte needed in "{}[]\":0truefalsn"u8)
        {
            if (!Array.Exists(_order, token => _tokenizer.TokenBytes(token) is [var only] && only == needed))
            {
                throw new InferometerException(
                    $"{_tokenizer.Source}: JSON output needs a token for '{(char)needed}' alone, which this vocabulary does not have.");
            }
        }
    }
}
