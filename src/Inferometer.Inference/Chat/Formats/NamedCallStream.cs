namespace Inferometer.Inference.Chat.Formats;

/// <summary>Calls as a name and a JSON object, while they are being written.</summary>
internal sealed class NamedCallStream(ToolCallSyntax syntax, IReadOnlyList<ToolDeclaration> tools, CallSink sink)
    : JsonCallStream(syntax, tools, sink)
{
    private readonly string _after = syntax.AfterName.Trim();

    protected override bool TakeHeader(string section)
    {
        int at = section.IndexOf(Syntax.BeforeName, Position, StringComparison.Ordinal);
        if (at < 0)
        {
            return false;
        }

        Position = at; // what is before it was looked through
        int start = at + Syntax.BeforeName.Length;
        int end = section.IndexOf(_after, start, StringComparison.Ordinal);
        int arguments = end < 0 ? -1 : FirstLetter(section, end + _after.Length);
        if (arguments < 0)
        {
            return false;
        }

        (string? id, string name) = Syntax.SplitId(section[start..end].Trim());
        return section[arguments] == '{' ? Begin(id, name, arguments) : Stop();
    }

    /// <summary>The first place that is not blank, or -1.</summary>
    internal static int FirstLetter(string text, int from)
    {
        int offset = text.AsSpan(from).IndexOfAnyExcept(" \n\r\t");
        return offset < 0 ? -1 : from + offset;
    }
}
