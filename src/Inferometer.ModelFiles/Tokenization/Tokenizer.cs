using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Inferometer.Core;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>
/// Text to token ids and back, as the model's own tokenizer does it: added tokens are matched first, the text between
/// them is normalised, cut into pieces and segmented by the vocabulary's merges. Immutable and thread-safe.
/// </summary>
/// <remarks>Unpaired surrogates in text count as U+FFFD, the replacement character.</remarks>
public sealed class Tokenizer
{
    private readonly TokenizerParts _parts;
    private readonly AddedTokenMatcher _addedTokens;
    private readonly FrozenSet<int> _endings;
    private readonly string?[] _texts;

    internal Tokenizer(TokenizerParts parts)
    {
        _parts = parts;
        _addedTokens = new AddedTokenMatcher(parts.AddedTokens);
        _endings = parts.EosIds.ToFrozenSet();
        _texts = new string?[parts.Vocabulary.Size];
        foreach (int id in (IEnumerable<int>)[
            .. parts.Prefix, .. parts.Suffix, .. parts.EosIds, .. Known(parts.BosId), .. Known(parts.PadId), .. Known(parts.UnknownId)])
        {
            if (id < 0 || id >= VocabularySize)
            {
                throw new InferometerException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{Source}: special token id {id} is outside the vocabulary of {VocabularySize} tokens."));
            }
        }

        int last = Math.Max(
            Array.FindLastIndex(parts.Vocabulary.Kinds, kind => kind != TokenKind.Unused), parts.EosIds.DefaultIfEmpty(-1).Max());
        UsedSize = last < 0 ? VocabularySize : last + 1;

        static int[] Known(int? id) => id is int known ? [known] : [];
    }

    /// <summary>The file or folder it was loaded from.</summary>
    public string Source => _parts.Vocabulary.Source;

    /// <summary>Number of token ids: valid ids are 0 up to one less.</summary>
    public int VocabularySize => _parts.Vocabulary.Size;

    /// <summary>
    /// Number of ids up to the last token: what follows in the vocabulary are places without a token. At most
    /// <see cref="VocabularySize"/>.
    /// </summary>
    public int UsedSize { get; }

    /// <summary>What is left out of the model's files because it is faulty, a line each.</summary>
    public IReadOnlyList<string> Notes => _parts.Notes;

    /// <summary>The token that begins a text, where the vocabulary has one; whether it is added is <see cref="AddsBos"/>.</summary>
    public int? BosId => _parts.BosId;

    /// <summary>The token that fills unused places of a batch, where the model has one.</summary>
    public int? PadId => _parts.PadId;

    /// <summary>The token for text the vocabulary cannot express, where the model has one.</summary>
    public int? UnknownId => _parts.UnknownId;

    /// <summary>
    /// The tokens that end a generation (end of text, end of turn), the principal one first; may be empty. They are those that the model's
    /// files name, the known turn markers of the vocabulary, and for a tokenizer of a <see cref="Checkpoint"/> what the model's chat
    /// template writes after an answer.
    /// </summary>
    public IReadOnlyList<int> EosIds => _parts.EosIds;

    /// <summary>Whether <see cref="Encode"/> puts <see cref="BosId"/> before a text when special tokens are added.</summary>
    public bool AddsBos => _parts.BosId is int bos && _parts.Prefix.Contains(bos);

    /// <summary>Whether <see cref="Encode"/> puts an end token after a text when special tokens are added.</summary>
    public bool AddsEos => _parts.Suffix.Any(IsEndOfGeneration);

    /// <summary>
    /// The Jinja chat template stored with the model, or null: the one named <c>default</c> where there are several, else the first.
    /// </summary>
    public string? ChatTemplateText => _parts.ChatTemplates.GetValueOrDefault("default") ?? _parts.ChatTemplates.Values.FirstOrDefault();

    /// <summary>All chat templates stored with the model by name; the one used without a name is <c>default</c>.</summary>
    public IReadOnlyDictionary<string, string> ChatTemplates => _parts.ChatTemplates;

    /// <summary>The written form of the special tokens as chat templates name them: <c>bos_token</c>, <c>eos_token</c> and so on.</summary>
    public IReadOnlyDictionary<string, string> SpecialTokens => _parts.SpecialTokens;

    /// <summary>Whether decoding a whole text drops the space that encoding put before it.</summary>
    internal bool StripsLeadingSpace => _parts.StripsLeadingSpace;

    /// <summary>The tokens of a text.</summary>
    /// <param name="text">Any text; may be empty.</param>
    /// <param name="addSpecial">
    /// Adds the tokens the model expects around a text, such as the one that begins it. A parsed text that begins with that token does not
    /// get it twice.
    /// </param>
    /// <param name="parseSpecial">Matches the written form of control tokens (as chat templates use); otherwise they are ordinary
    /// text.</param>
    /// <exception cref="InferometerException">A splitting pattern from the tokenizer file takes too long on this text.</exception>
    public int[] Encode(string text, bool addSpecial = true, bool parseSpecial = false) =>
        EncodeBetween(addSpecial ? _parts.Prefix : [], text, addSpecial ? _parts.Suffix : [], parseSpecial);

    /// <summary>
    /// The tokens of a text that is to be continued: as <see cref="Encode"/>, but nothing stands behind it. Some tokenizers add the token
    /// that ends a text, after which a model has nothing to say.
    /// </summary>
    /// <inheritdoc cref="Encode"/>
    public int[] EncodePrompt(string text, bool addSpecial = true, bool parseSpecial = false) =>
        EncodeBetween(addSpecial ? _parts.Prefix : [], text, [], parseSpecial);

    /// <summary>Whether the model's files say how two texts are put together: <see cref="EncodePair"/> works.</summary>
    public bool HasPairs => _parts.Pair is not null;

    /// <summary>The tokens of two texts as one sequence, with the special tokens that the model expects around and between them.</summary>
    /// <param name="first">A question, for models that rank answers.</param>
    /// <param name="second">A text to be set beside it.</param>
    /// <param name="longest">Tokens at most: the second text, then the first, is cut to fit.</param>
    /// <exception cref="InferometerException">The model's files do not say how two texts are put together.</exception>
    public TokenizedPair EncodePair(string first, string second, int longest = int.MaxValue)
    {
        PairTemplate pair = _parts.Pair ?? throw new InferometerException(
            $"{Source}: the tokenizer does not say how two texts are put together (no pair template).");
        ReadOnlySpan<int> one = Encode(first, addSpecial: false);
        ReadOnlySpan<int> two = Encode(second, addSpecial: false);
        int room = Math.Max(longest - pair.Parts.Count(part => part.Text is null), 0);
        one = one[..Math.Min(one.Length, room)];
        two = two[..Math.Min(two.Length, room - one.Length)];
        List<int> ids = [];
        List<int> segments = [];
        foreach (PairPart part in pair.Parts)
        {
            ids.AddRange(part.Text switch { 0 => one, 1 => two, _ => [part.Id] });
            segments.AddRange(Enumerable.Repeat(part.Segment, ids.Count - segments.Count));
        }

        return new TokenizedPair([.. ids], [.. segments]);
    }

    /// <summary>
    /// The tokens of a text that is to be continued, of which parts are guarded: behind a guard no control token begins, and guards
    /// themselves stand for nothing.
    /// </summary>
    internal int[] EncodeGuarded(string text, char? guard, bool addSpecial) =>
        EncodeBetween(addSpecial ? _parts.Prefix : [], text, [], parseSpecial: true, guard);

    /// <summary>A text with a guard before everything in it that would be read as a control token.</summary>
    internal string Guarded(string text, char guard)
    {
        StringBuilder? guarded = null;
        int copied = 0;
        for (int at = 0; at < text.Length; at++)
        {
            if (_addedTokens.BeginsSpecial(text, at))
            {
                (guarded ??= new StringBuilder()).Append(text, copied, at - copied).Append(guard);
                copied = at;
            }
        }

        return guarded is null ? text : guarded.Append(text, copied, text.Length - copied).ToString();
    }

    private int[] EncodeBetween(
        IReadOnlyList<int> prefix, string text, IReadOnlyList<int> suffix, bool parseSpecial, char? guard = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        text = WithoutUnpairedSurrogates(text);
        var output = new List<int>((text.Length / 3) + 8);
        output.AddRange(prefix);
        int at = 0;
        while (at < text.Length)
        {
            AddedToken? token = _addedTokens.Find(text, at, parseSpecial, out int start, out int end, guard);
            string fragment = text[at..start];
            EncodeFragment(guard is { } mark ? fragment.Replace(mark.ToString(), "", StringComparison.Ordinal) : fragment, at == 0, output);
            bool isSecondBos = parseSpecial && start == 0 && output.Count > 0 && token?.Id == BosId && output[^1] == BosId;
            if (token is not null && !isSecondBos)
            {
                output.Add(token.Id);
            }

            at = end;
        }

        output.AddRange(suffix);
        return [.. output];
    }

    /// <summary>The text of tokens. Bytes that are no valid UTF-8 become U+FFFD.</summary>
    /// <param name="ids">Token ids.</param>
    /// <param name="includeControl">Writes control tokens out instead of leaving them out.</param>
    /// <param name="isContinuation">The text follows other text: the leading space SentencePiece vocabularies put before a whole text is
    /// kept.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the vocabulary.</exception>
    public string Decode(ReadOnlySpan<int> ids, bool includeControl = false, bool isContinuation = false)
    {
        var detokenizer = new StreamingDetokenizer(this, includeControl, isContinuation);
        var text = new StringBuilder();
        foreach (int id in ids)
        {
            detokenizer.Append(id, text);
        }

        detokenizer.Flush(text);
        return text.ToString();
    }

    /// <summary>The bytes a token stands for; for control tokens their written form in UTF-8.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the vocabulary.</exception>
    public ReadOnlySpan<byte> TokenBytes(int id) => _parts.Vocabulary.Bytes(Checked(id));

    /// <summary>
    /// The text of a token that is whole characters by itself, or null where its bytes begin or end inside a character. Each string is made
    /// once and then shared, so that streaming text makes none.
    /// </summary>
    internal string? WholeText(int id)
    {
        if (_texts[id] is { } known)
        {
            return known;
        }

        ReadOnlySpan<byte> bytes = TokenBytes(id);
        return Utf8.IsValid(bytes) ? _texts[id] = Encoding.UTF8.GetString(bytes) : null;
    }

    /// <summary>The entry of a token as the vocabulary writes it, for display.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the vocabulary.</exception>
    public string TokenText(int id) => _parts.Vocabulary.Texts[Checked(id)];

    /// <summary>What a token stands for.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the vocabulary.</exception>
    public TokenKind KindOf(int id) => _parts.Vocabulary.Kinds[Checked(id)];

    /// <summary>Whether a token is never printed: a control token, the unknown token, or a place that is not used.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the vocabulary.</exception>
    public bool IsControl(int id) => KindOf(id) is TokenKind.Control or TokenKind.Unknown or TokenKind.Unused;

    /// <summary>Whether a token ends a generation.</summary>
    public bool IsEndOfGeneration(int id) => _endings.Contains(id);

    /// <summary>Finds the token the vocabulary writes as given.</summary>
    public bool TryGetId(string text, out int id)
    {
        ArgumentNullException.ThrowIfNull(text);
        return _parts.Vocabulary.TryGetId(text, out id);
    }

    /// <summary>The control tokens that a text holds in their written form.</summary>
    public IEnumerable<int> ControlTokensIn(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Encode(text, addSpecial: false, parseSpecial: true).Where(IsControl);
    }

    /// <summary>The token of the marker that a text begins with; null where it begins with none.</summary>
    internal int? MarkerAt(string text) => TurnMarkers.AtStart(text, _parts.Vocabulary, _addedTokens);

    /// <summary>The same tokenizer with further tokens that end a generation; they are control tokens in it.</summary>
    internal Tokenizer WithEndings(IReadOnlyList<int> ids)
    {
        int[] added = [.. ids.Where(id => !_endings.Contains(id))];
        if (added.Length == 0)
        {
            return this;
        }

        int[] plain = [.. added.Where(id => KindOf(id) is not (TokenKind.Control or TokenKind.UserDefined))];
        return new Tokenizer(_parts with
        {
            EosIds = [.. _parts.EosIds, .. added],
            Vocabulary = plain.Length == 0 ? _parts.Vocabulary : _parts.Vocabulary.WithControl(plain),
            AddedTokens = [.. _parts.AddedTokens, .. plain.Select(id => new AddedToken(TokenText(id), id, IsSpecial: true))],
        });
    }

    /// <summary>
    /// The same tokenizer for a model with more rows of logits than tokens, as models are filled up to round numbers: ids without a token
    /// are unused places, which stand for no text.
    /// </summary>
    /// <param name="rows">Rows of the model.</param>
    public Tokenizer FilledTo(int rows) =>
        rows <= VocabularySize ? this : new Tokenizer(_parts with { Vocabulary = _parts.Vocabulary.FilledTo(rows) });

    private void EncodeFragment(string fragment, bool isFirst, List<int> output)
    {
        if (fragment.Length == 0)
        {
            return;
        }

        foreach (NormalizerStep step in _parts.Normalizer)
        {
            fragment = step.Apply(fragment, isFirst);
        }

        if (_parts.PreTokenizer is null)
        {
            _parts.Model.Encode(fragment, output);
            return;
        }

        foreach (TextPiece piece in _parts.PreTokenizer.Split(fragment))
        {
            _parts.Model.Encode(fragment.AsSpan(piece.Start, piece.Length), output);
        }
    }

    private int Checked(int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(id, VocabularySize);
        return id;
    }

    private static string WithoutUnpairedSurrogates(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
        {
            return text;
        }

        var clean = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            clean.Append(rune);
        }

        return clean.ToString();
    }
}
