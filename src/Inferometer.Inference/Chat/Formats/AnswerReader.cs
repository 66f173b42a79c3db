namespace Inferometer.Inference.Chat.Formats;

/// <summary>
/// Takes an answer apart as it comes: reasoning, the answer itself, calls of tools. What may be the beginning of a mark is held back, a
/// call until it is whole; what looks like a call and is none is given out as text. Not thread-safe; one per answer.
/// </summary>
public sealed class AnswerReader
{
    private readonly ReasoningTags? _reasoning;
    private readonly ToolCallSyntax? _syntax;
    private readonly ToolCallReader? _calls;
    private readonly HarmonyReader? _harmony;
    private readonly ChatFormat _format;
    private CallScanner? _scanner;
    private readonly string[] _textMarks;
    private readonly List<AnswerPart> _parts = [];
    private string _held = "";
    private string _blank = ""; // white space that a mark may follow, before which it is left out
    private bool _inReasoning;
    private bool _inCalls;
    private bool _skipsBlank;
    private bool _mayBeBare;

    internal AnswerReader(ChatFormat format, string prompt, IReadOnlyList<ToolDeclaration> tools)
    {
        _format = format;
        _reasoning = format.Reasoning;
        _syntax = tools.Count > 0 ? format.Syntax : null;
        if (format.Syntax is { Form: ToolCallForm.Harmony })
        {
            _harmony = new HarmonyReader(prompt);
            _textMarks = [];
            return;
        }

        _calls = _syntax is null ? null : new ToolCallReader(_syntax, tools);
        _inReasoning = _skipsBlank = _reasoning is { } tags && prompt.TrimEnd().EndsWith(tags.Open, StringComparison.Ordinal);
        _mayBeBare = _syntax is { Form: ToolCallForm.Bare };
        _textMarks = [.. new[] { _reasoning?.Open, _syntax?.Trigger }.OfType<string>(), .. FormatCatalog.LeftOut];
    }

    /// <summary>
    /// Has calls told as they are written, where their arguments stand there as JSON: beginning, pieces of arguments, and then the whole.
    /// Only for answers that are held to be calls where they begin like one. To be said before the first text.
    /// </summary>
    public void TellCallsAsWritten()
    {
        if (CallScanner.Reads(_format.Syntax))
        {
            _scanner = new CallScanner(_format.Syntax!);
            _harmony?.TellCallsTo(_scanner);
        }
    }

    /// <summary>Adds text and returns what is certain; the list is good until the next call.</summary>
    public IReadOnlyList<AnswerPart> Append(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (_harmony is not null)
        {
            return _harmony.Append(text);
        }

        _parts.Clear();
        if (text.Length > 0)
        {
            _held += text;
            while (Step())
            {
            }
        }

        return _parts;
    }

    /// <summary>Ends the answer and returns what was held back; the list is good until the next call.</summary>
    public IReadOnlyList<AnswerPart> Complete()
    {
        if (_harmony is not null)
        {
            return _harmony.Complete();
        }

        _parts.Clear();
        if ((_inCalls || _mayBeBare) && _calls?.Read(_held.Trim()) is { } calls)
        {
            Add(calls);
        }
        else if (_scanner is not { IsOpen: true }) // of a call that was begun nothing is text
        {
            Give(_held);
            Give(_blank, isBlank: true);
        }

        _held = _blank = "";
        return _parts;
    }

    /// <summary>Takes what is certain of the text held; false when more must come.</summary>
    private bool Step()
    {
        if (_mayBeBare && !_inReasoning && _held.TrimStart() is var begun && (begun.Length == 0 || begun[0] is '{' or '['))
        {
            _scanner?.Read(_held, _parts);
            return false; // the whole answer decides
        }

        _mayBeBare = _mayBeBare && _inReasoning;
        return _inCalls ? TakeCalls() : TakeText(_inReasoning ? [_reasoning!.Close] : _textMarks);
    }

    private bool TakeCalls()
    {
        _scanner?.Read(_held, _parts);
        if (_syntax!.End is not { } end)
        {
            return false;
        }

        // An end inside of a text does not end the section: then what is before it reads as nothing.
        for (int at = _held.IndexOf(end, StringComparison.Ordinal); at >= 0; at = _held.IndexOf(end, at + 1, StringComparison.Ordinal))
        {
            int length = at + end.Length;
            if (_calls!.Read(_held[..length]) is { } calls)
            {
                Add(calls);
                _held = _held[length..];
                _inCalls = false;
                _skipsBlank = true;
                return _held.Length > 0;
            }
        }

        return false;
    }

    private bool TakeText(string[] marks)
    {
        (int at, string mark) = FirstMark(_held, marks);
        if (at < 0)
        {
            int certain = _held.Length - Partial(_held, marks);
            Give(_held[..certain]);
            _held = _held[certain..];
            return false;
        }

        Give(_held[..at]);
        _held = _held[(at + mark.Length)..];
        _blank = "";
        _skipsBlank = true;
        if (_inReasoning)
        {
            _inReasoning = false;
            _mayBeBare = _syntax is { Form: ToolCallForm.Bare };
        }
        else if (string.Equals(mark, _reasoning?.Open, StringComparison.Ordinal))
        {
            _inReasoning = true;
        }
        else if (string.Equals(mark, _syntax?.Trigger, StringComparison.Ordinal))
        {
            _inCalls = true;
            _scanner?.Begin(_syntax!.Form == ToolCallForm.Named && _syntax.SectionOpen is null ? 0 : mark.Length);
            _held = mark + _held;
        }

        return _held.Length > 0;
    }

    private void Add(List<ToolCall> calls) => _parts.AddRange(calls.Select(
        call => new AnswerPart(AnswerPartKind.ToolCall, "", _scanner is null ? call : _scanner.Named(call))));

    /// <summary>Gives text out, but for blanks at its end and, where none are wanted, at its beginning.</summary>
    private void Give(string text, bool isBlank = false)
    {
        if (_skipsBlank && !isBlank)
        {
            text = text.TrimStart();
        }

        if (text.Length == 0 || (isBlank && _skipsBlank))
        {
            return;
        }

        _skipsBlank = false;
        string all = isBlank ? text : _blank + text;
        string given = isBlank ? all : all.TrimEnd();
        _blank = all[given.Length..];
        if (given.Length > 0)
        {
            _parts.Add(new AnswerPart(_inReasoning ? AnswerPartKind.Reasoning : AnswerPartKind.Text, given));
        }
    }

    internal static (int At, string Mark) FirstMark(string text, IEnumerable<string> marks)
    {
        (int At, string Mark) first = (-1, "");
        foreach (string mark in marks)
        {
            int at = text.IndexOf(mark, StringComparison.Ordinal);
            if (at >= 0 && (first.At < 0 || at < first.At || (at == first.At && mark.Length > first.Mark.Length)))
            {
                first = (at, mark);
            }
        }

        return first;
    }

    /// <summary>Characters at the end of a text that may be the beginning of a mark.</summary>
    internal static int Partial(string text, IEnumerable<string> marks)
    {
        int longest = 0;
        foreach (string mark in marks)
        {
            for (int length = Math.Min(mark.Length - 1, text.Length); length > longest; length--)
            {
                if (text.AsSpan(text.Length - length).SequenceEqual(mark.AsSpan(0, length)))
                {
                    longest = length;
                }
            }
        }

        return longest;
    }
}
