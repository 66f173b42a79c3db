namespace Inferometer.Inference.Chat.Formats;

/// <summary>
/// Takes an answer apart whose messages begin with whom they are for: the user, the model itself, or a tool, whose message is a call.
/// </summary>
internal sealed class RecipientReader : IMessageReader
{
    private readonly ToolCallSyntax _syntax;
    private readonly ToolCallReader _calls;
    private readonly List<AnswerPart> _parts = [];
    private readonly CallSink? _sink;
    private readonly Func<ICallStream?> _newStream;
    private readonly ArgumentsBody _arguments;
    private readonly Dictionary<string, string?> _headers = new(StringComparer.Ordinal); // marks with their recipients
    private readonly string[] _marks;
    private readonly HeldText _held = new();
    private int _searched; // of a call, for its end
    private int _written; // letters of what is held that the prompt has written
    private string? _tool;
    private ICallStream? _stream;
    private int _begun; // calls that had begun where the message began
    private bool _isOver; // behind the end of a message
    private bool _isReasoning;

    /// <summary>Begins where the prompt ends: mostly inside of a header.</summary>
    public RecipientReader(ToolCallSyntax syntax, string prompt, IReadOnlyList<ToolDeclaration> tools, bool streamsCalls)
    {
        _syntax = syntax;
        _calls = new ToolCallReader(syntax, tools);
        _sink = streamsCalls ? new CallSink(_parts) : null;
        _newStream = () => _sink is null ? null : new MemberCallStream(syntax, tools, _sink, takesAnyName: false);
        _arguments = new ArgumentsBody(_parts, _sink);
        string open = syntax.HeaderOpen;
        foreach (string name in tools.Select(tool => tool.Name).Append(syntax.Everyone).Append(syntax.Self).Where(name => name.Length > 0))
        {
            _headers[open + syntax.HeaderTo + name + syntax.HeaderEnd] = name;
        }

        if (syntax.HeaderTo.Length > 0)
        {
            _headers[open + syntax.HeaderEnd] = syntax.Everyone; // a header may name nobody
        }

        foreach (string end in syntax.Ends)
        {
            _headers[end] = null;
        }

        _marks = [.. _headers.Keys];
        int start = prompt.LastIndexOf(open, StringComparison.Ordinal);
        if (start >= 0 && _marks.Any(mark => mark.StartsWith(prompt[start..], StringComparison.Ordinal)))
        {
            _held.Append(prompt[start..]);
        }

        _written = _held.Length;
    }

    /// <inheritdoc/>
    public List<AnswerPart> Append(string text)
    {
        _parts.Clear();
        _held.Append(text);
        while (Step())
        {
        }

        return _parts;
    }

    /// <inheritdoc/>
    public List<AnswerPart> Complete()
    {
        _parts.Clear();
        Close(_held.TakeAll());
        return _parts;
    }

    private bool Step()
    {
        (int at, string mark) = Marks.FirstOf(_held.Span, _marks, _searched);
        if (at < 0)
        {
            int certain = _held.Length - Marks.Partial(_held.Span, _marks);
            if (_tool is { } name)
            {
                ReadCall(name, _held.Span[..certain]);
                _searched = certain;
            }
            else
            {
                Give(_held.Take(certain));
            }

            return false;
        }

        Close(_held.Take(at));
        _held.Drop(mark.Length);
        (_written, _searched) = (0, 0);
        string? recipient = _headers[mark];
        _isOver = recipient is null;
        _isReasoning = recipient is { Length: > 0 } && string.Equals(recipient, _syntax.Self, StringComparison.Ordinal);
        _tool = _isReasoning || string.Equals(recipient, _syntax.Everyone, StringComparison.Ordinal) ? null : recipient;
        return _held.Length > 0;
    }

    private void ReadCall(string name, ReadOnlySpan<char> body)
    {
        if (HasTags)
        {
            _stream ??= _newStream();
            _stream?.Read(body);
        }
        else
        {
            _arguments.Read(name, body);
        }
    }

    /// <summary>A message is over.</summary>
    private void Close(string body)
    {
        if (_tool is not { } name)
        {
            Give(body);
            return;
        }

        ReadCall(name, body);
        bool isCall = HasTags ? TakeCalls(body) : _arguments.End(name, body);
        (_tool, _stream) = (null, null);
        if (!isCall)
        {
            Give(body);
        }
    }

    private bool HasTags => _syntax.BeforeName.Length > 0;

    /// <summary>Calls between tags, which name their tools again.</summary>
    private bool TakeCalls(string body)
    {
        int begun = _sink is null ? 0 : _sink.Begun - _begun;
        List<ToolCall> calls = _calls.Read(body) ?? [];
        foreach (ToolCall call in calls.Skip(begun))
        {
            if (_sink is null)
            {
                _parts.Add(new AnswerPart(AnswerPartKind.ToolCall, "", call));
            }
            else
            {
                _sink.Add(call);
            }
        }

        _begun = _sink?.Begun ?? 0;
        return begun + calls.Count > 0;
    }

    private void Give(string text)
    {
        int skipped = Math.Min(_written, text.Length);
        _written -= skipped;
        if (text.Length > skipped && !_isOver)
        {
            _parts.Add(new AnswerPart(_isReasoning ? AnswerPartKind.Reasoning : AnswerPartKind.Text, text[skipped..]));
        }
    }
}
