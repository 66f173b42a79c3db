using System.Text.RegularExpressions;

namespace Inferometer.Inference.Chat.Formats;

/// <summary>
/// Takes an answer of gpt-oss apart: messages, each with a header that names its channel and perhaps whom it is for. The analysis channel
/// is reasoning, messages to functions are calls, all else is the answer.
/// </summary>
internal sealed partial class HarmonyReader
{
    private const string Message = "<|message|>";
    private static readonly string[] Ends = ["<|end|>", "<|call|>", "<|return|>", "<|start|>"];

    private readonly List<AnswerPart> _parts = [];
    private string _held = "";
    private string? _function;
    private bool _inBody;
    private bool _isReasoning;
    private CallScanner? _scanner;

    /// <summary>Begins where the prompt ends: mostly inside of a header.</summary>
    public HarmonyReader(string prompt)
    {
        int start = prompt.LastIndexOf("<|start|>", StringComparison.Ordinal);
        string last = start < 0 ? "" : prompt[start..];
        int message = last.IndexOf(Message, StringComparison.Ordinal);
        if (message >= 0 && !last.Contains("<|end|>", StringComparison.Ordinal))
        {
            Open(last[..message]);
        }
        else if (message < 0)
        {
            _held = last;
        }
    }

    /// <summary>Has calls told as they are written.</summary>
    public void TellCallsTo(CallScanner scanner)
    {
        _scanner = scanner;
        if (_function is not null)
        {
            scanner.Begin(0, _function);
        }
    }

    public List<AnswerPart> Append(string text)
    {
        _parts.Clear();
        _held += text;
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
            Close(_held);
        }
        else if (!_held.StartsWith("<|start|>", StringComparison.Ordinal) && _held.Trim().Length > 0)
        {
            _parts.Add(new AnswerPart(AnswerPartKind.Text, _held)); // no header after all
        }

        _held = "";
        return _parts;
    }

    private bool TakeHeader()
    {
        int at = _held.IndexOf(Message, StringComparison.Ordinal);
        if (at < 0)
        {
            return false;
        }

        Open(_held[..at]);
        _held = _held[(at + Message.Length)..];
        return _held.Length > 0;
    }

    private void Open(string header)
    {
        _inBody = true;
        _isReasoning = Channel().Match(header) is { Success: true } channel
            && string.Equals(channel.Groups["name"].Value, "analysis", StringComparison.Ordinal);
        _function = Recipient().Match(header) is { Success: true } to ? to.Groups["name"].Value : null;
        if (_function is not null)
        {
            _scanner?.Begin(0, _function);
        }
    }

    private bool TakeBody()
    {
        if (_function is not null)
        {
            _scanner?.Read(_held, _parts);
        }

        (int at, string mark) = AnswerReader.FirstMark(_held, Ends);
        if (at < 0)
        {
            if (_function is null)
            {
                int certain = _held.Length - AnswerReader.Partial(_held, Ends);
                Give(_held[..certain]);
                _held = _held[certain..];
            }

            return false;
        }

        Close(_held[..at]);
        _held = mark is "<|start|>" ? _held[at..] : _held[(at + mark.Length)..];
        return _held.Length > 0;
    }

    private void Close(string rest)
    {
        if (_function is { } name && JsonPieces.All(rest) is [{ ValueKind: System.Text.Json.JsonValueKind.Object } arguments])
        {
            var call = ToolCall.Of(null, name, arguments);
            _parts.Add(new AnswerPart(AnswerPartKind.ToolCall, "", _scanner is null ? call : _scanner.Named(call)));
        }
        else if (_scanner is not { IsOpen: true }) // of a call that was begun nothing is text
        {
            Give(rest);
        }

        (_inBody, _function) = (false, null);
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
