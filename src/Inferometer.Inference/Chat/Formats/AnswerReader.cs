namespace Inferometer.Inference.Chat.Formats;

/// <summary>
/// Takes an answer apart as it comes: reasoning, the answer itself, calls of tools. What may be the beginning of a mark is held back, a
/// call until it is whole; what looks like a call and is none is given out as text. Not thread-safe; one per answer.
/// </summary>
/// <remarks>
/// Where calls are streamed, each call of a declared tool begins with <see cref="AnswerPartKind.ToolCallStart"/> as soon as its tool is
/// known, goes on with the text of its arguments, and is given whole at its end; calls whose arguments are not written as they are read
/// (Python's, arguments as a text) come in one piece. A call that breaks off has no end: what was given of it is what the model wrote.
/// </remarks>
public sealed class AnswerReader
{
    private readonly ReasoningTags? _reasoning;
    private readonly ToolCallSyntax? _syntax;
    private readonly ToolCallReader? _calls;
    private readonly IMessageReader? _messages;
    private readonly CallSink? _sink;
    private ICallStream? _stream;
    private int _sectionCalls; // calls that had begun where the section began
    private int _searched; // of the section, for its end
    private readonly string[] _textMarks;
    private readonly List<AnswerPart> _parts = [];
    private readonly HeldText _held = new();
    private string _blank = ""; // white space that a mark may follow, before which it is left out
    private bool _inReasoning;
    private bool _inCalls;
    private bool _skipsBlank;
    private bool _mayBeBare;

    internal AnswerReader(ChatFormat format, string prompt, IReadOnlyList<ToolDeclaration> tools, bool streamsCalls = false)
        : this(format.Reasoning, format.Syntax, prompt, tools, streamsCalls)
    {
    }

    internal AnswerReader(
        ReasoningTags? reasoning, ToolCallSyntax? syntax, string prompt, IReadOnlyList<ToolDeclaration> tools, bool streamsCalls)
    {
        _reasoning = reasoning;
        _syntax = tools.Count > 0 ? syntax : null;
        _messages = syntax?.Form switch
        {
            ToolCallForm.Harmony => new HarmonyReader(prompt, streamsCalls),
            ToolCallForm.Recipients => new RecipientReader(syntax, prompt, tools, streamsCalls),
            _ => null,
        };
        if (_messages is not null)
        {
            _textMarks = [];
            return;
        }

        _calls = _syntax is null ? null : new ToolCallReader(_syntax, tools);
        _sink = _syntax is null || !streamsCalls ? null : new CallSink(_parts);
        _inReasoning = _skipsBlank = _reasoning is { } tags && prompt.TrimEnd().EndsWith(tags.Open, StringComparison.Ordinal);
        _mayBeBare = _syntax is { IsBare: true };
        _textMarks = [.. new[] { _reasoning?.Open, _syntax?.Trigger }.OfType<string>(), .. FormatCatalog.LeftOut];
    }

    /// <summary>Adds text and returns what is certain; the list is good until the next call.</summary>
    public IReadOnlyList<AnswerPart> Append(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (_messages is not null)
        {
            return _messages.Append(text);
        }

        _parts.Clear();
        if (text.Length > 0)
        {
            _held.Append(text);
            while (Step())
            {
            }
        }

        return _parts;
    }

    /// <summary>Ends the answer and returns what was held back; the list is good until the next call.</summary>
    public IReadOnlyList<AnswerPart> Complete()
    {
        if (_messages is not null)
        {
            return _messages.Complete();
        }

        _parts.Clear();
        if ((_inCalls || _mayBeBare) && _calls?.Read(_held.Span.Trim().ToString()) is { } calls)
        {
            Add(calls);
        }
        else if (_sink is null || _sink.Begun == _sectionCalls)
        {
            Give(_held.TakeAll());
            Give(_blank, isBlank: true);
        }
        else if (!_sink.IsOpen)
        {
            _held.Drop(_stream!.Position);
            Give(_held.TakeAll()); // behind the calls that were given out
        }

        _held.Drop(_held.Length);
        _blank = "";
        return _parts;
    }

    /// <summary>Takes what is certain of the text held; false when more must come.</summary>
    private bool Step()
    {
        if (_mayBeBare && !_inReasoning && MayBeBegunCall())
        {
            Stream(hasTrigger: false);
            return false; // the whole answer decides
        }

        _mayBeBare = _mayBeBare && _inReasoning;
        return _inCalls ? TakeCalls() : TakeText(_inReasoning ? [_reasoning!.Close] : _textMarks);
    }

    private bool MayBeBegunCall()
    {
        ReadOnlySpan<char> begun = _held.Span.TrimStart();
        return begun.Length == 0 || _syntax!.MayBegin(begun[0]);
    }

    private bool TakeCalls()
    {
        Stream(hasTrigger: true);
        if (_syntax!.End is not { } end)
        {
            return false;
        }

        // An end inside of a text does not end the section: then what is before it reads as nothing.
        for (int at; (at = _held.Span.Find(end, _searched)) >= 0; _searched = at + 1)
        {
            int length = at + end.Length;
            if (_calls!.Read(_held.Span[..length].ToString()) is { } calls)
            {
                Add(calls);
                _held.Drop(length);
                _inCalls = false;
                _skipsBlank = true;
                return _held.Length > 0;
            }
        }

        _searched = Math.Max(_searched, _held.Length - end.Length + 1);
        return false;
    }

    /// <summary>Gives out what is known of calls that are not whole.</summary>
    private void Stream(bool hasTrigger)
    {
        if (_sink is not null)
        {
            _stream ??= _calls!.Stream(_sink, hasTrigger);
            _stream?.Read(_held.Span);
        }
    }

    private bool TakeText(string[] marks)
    {
        (int at, string mark) = Marks.FirstOf(_held.Span, marks);
        if (at < 0)
        {
            Give(_held.Take(_held.Length - Marks.Partial(_held.Span, marks)));
            return false;
        }

        Give(_held.Take(at));
        _blank = "";
        _skipsBlank = true;
        if (_inReasoning)
        {
            _inReasoning = false;
            _mayBeBare = _syntax is { IsBare: true };
        }
        else if (string.Equals(mark, _reasoning?.Open, StringComparison.Ordinal))
        {
            _inReasoning = true;
        }
        else if (string.Equals(mark, _syntax?.Trigger, StringComparison.Ordinal))
        {
            (_inCalls, _searched) = (true, 0);
            return true; // the mark belongs to the section
        }

        _held.Drop(mark.Length);
        return _held.Length > 0;
    }

    private void Add(List<ToolCall> calls)
    {
        if (_sink is null)
        {
            _parts.AddRange(calls.Select(call => new AnswerPart(AnswerPartKind.ToolCall, "", call)));
            return;
        }

        foreach (ToolCall call in calls.Skip(_sink.Begun - _sectionCalls))
        {
            _sink.Add(call);
        }

        _sectionCalls = _sink.Begun;
        _stream = null;
    }

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
}
