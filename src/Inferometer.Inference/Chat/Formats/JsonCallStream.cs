namespace Inferometer.Inference.Chat.Formats;

/// <summary>
/// Calls whose arguments are JSON: given out letter by letter from where a declared tool and the beginning of its arguments are known.
/// Where that is not sure (arguments before the name, arguments as a text, a name nobody declared), nothing more is given out early.
/// </summary>
/// <param name="syntax">How the calls are written.</param>
/// <param name="tools">The tools that were declared.</param>
/// <param name="sink">Takes the calls.</param>
internal abstract class JsonCallStream(ToolCallSyntax syntax, IReadOnlyList<ToolDeclaration> tools, CallSink sink) : ICallStream
{
    private JsonSpan _span;
    private bool _inArguments;
    private bool _isOff;

    /// <inheritdoc/>
    public int Position { get; protected set; }

    protected ToolCallSyntax Syntax => syntax;

    /// <inheritdoc/>
    public void Read(ReadOnlySpan<char> section)
    {
        while (!_isOff && (_inArguments ? TakeArguments(section) : TakeHeader(section)))
        {
        }
    }

    /// <summary>Reads what comes before the arguments of the next call.</summary>
    /// <returns>Whether there is more to read; false = more must come.</returns>
    protected abstract bool TakeHeader(ReadOnlySpan<char> section);

    /// <summary>The arguments of a call are over.</summary>
    protected virtual void Ended()
    {
    }

    /// <summary>Gives nothing more out before the section is whole.</summary>
    protected bool Stop()
    {
        _isOff = true;
        return false;
    }

    /// <summary>Arguments begin.</summary>
    protected bool Begin(string? id, string name, int arguments)
    {
        if (!tools.Any(tool => string.Equals(tool.Name, name, StringComparison.Ordinal)))
        {
            return Stop();
        }

        sink.Begin(id, name);
        (_inArguments, _span, Position) = (true, default, arguments);
        return true;
    }

    private bool TakeArguments(ReadOnlySpan<char> section)
    {
        int end = _span.End(section, Position);
        int to = end < 0 ? section.Length : end;
        sink.Write(section[Position..to]);
        Position = to;
        if (end < 0)
        {
            return false;
        }

        _inArguments = false;
        if (!sink.End())
        {
            return Stop();
        }

        Ended();
        return true;
    }
}
