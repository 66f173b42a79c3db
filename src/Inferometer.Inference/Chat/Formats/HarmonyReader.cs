using System.Text.RegularExpressions;

namespace Inferometer.Inference.Chat.Formats;

/// <summary>
/// Takes an answer of gpt-oss apart: messages, each with a header that names its channel and perhaps whom it is for. The analysis channel
/// is reasoning, messages to functions are calls, all else is the answer.
/// </summary>
internal sealed partial class HarmonyReader : IMessageReader
{
    private const string Message = "<|message|>";
    private static readonly string[] Ends = ["<|end|>", "<|call|>", "<|return|>", "<|start|>"];

    private readonly List<AnswerPart> _parts = [];
    private readonly ArgumentsBody _arguments;
    private readonly HeldText _held = new();
    private int _searched; // of a call, for its end
    private string? _function;
    private bool _inBody;
    private bool _isReasoning;

    /// <summary>Begins where the prompt ends: mostly inside of a header.</summary>
    public HarmonyReader(string prompt, bool streamsCalls)
    {
        _arguments = new ArgumentsBody(_parts, streamsCalls ? new CallSink(_parts) : null);
        int start = prompt.LastIndexOf("<|start|>", StringComparison.Ordinal);
        string last = start < 0 ? "" : prompt[start..];
        int message = last.IndexOf(Message, StringComparison.Ordinal);
        if (message >= 0 && !last.Contains("<|end|>", StringComparison.Ordinal))
        {
            Open(last[..message]);
        }
        else if (message < 0)
        {
            _held.Append(last);
        }
    }

    public List<AnswerPart> Append(string text)
    {
        _parts.Clear();
        _held.Append(text);
        while (_inBody ? TakeBody() : TakeHeader())
        {
        }

        return _parts;
    }

    public List<AnswerPart> Complete()
    {
        _parts.Clear();
        if (_inBody)
        {
            Close(_held.TakeAll());
        }
        else if (!_held.Span.StartsWith("<|start|>") && !_held.Span.IsWhiteSpace())
        {
            _parts.Add(new AnswerPart(AnswerPartKind.Text, _held.TakeAll())); // no header after all
        }

        _held.Drop(_held.Length);
        return _parts;
    }

    private bool TakeHeader()
    {
        int at = _held.Span.IndexOf(Message);
        if (at < 0)
        {
            return false;
        }

        Open(_held.Take(at));
        _held.Drop(Message.Length);
        return _held.Length > 0;
    }

    private void Open(string header)
    {
        _inBody = true;
        _isReasoning = Channel().Match(header) is { Success: true } channel
            && string.Equals(channel.Groups["name"].Value, "analysis", StringComparison.Ordinal);
        _function = Recipient().Match(header) is { Success: true } to ? to.Groups["name"].Value : null;
    }

    private bool TakeBody()
    {
        (int at, string mark) = Marks.FirstOf(_held.Span, Ends, _searched);
        if (at < 0)
        {
            if (_function is { } name)
            {
                _searched = _held.Length - Marks.Partial(_held.Span, Ends);
                _arguments.Read(name, _held.Span[.._searched]);
            }
            else
            {
                Give(_held.Take(_held.Length - Marks.Partial(_held.Span, Ends)));
            }

            return false;
        }

        Close(_held.Take(at));
        _held.Drop(mark is "<|start|>" ? 0 : mark.Length);
        return _held.Length > 0;
    }

    private void Close(string rest)
    {
        if (_function is not { } name || !_arguments.End(name, rest))
        {
            Give(rest);
        }

        (_inBody, _function, _searched) = (false, null, 0);
    }

    private void Give(string text)
    {
        if (text.Length > 0)
        {
            _parts.Add(new AnswerPart(_isReasoning ? AnswerPartKind.Reasoning : AnswerPartKind.Text, text));
        }
    }

    [GeneratedRegex(@"<\|channel\|>\s*(?<name>\w+)", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Channel();

    [GeneratedRegex(@"to=functions\.(?<name>[\w.-]+)", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Recipient();
}
