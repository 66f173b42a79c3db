namespace Inferometer.Inference.Chat.Formats;

/// <summary>Calls as a name and a JSON object, while they are being written.</summary>
internal sealed class NamedCallStream(ToolCallSyntax syntax, IReadOnlyList<ToolDeclaration> tools, CallSink sink)
    : JsonCallStream(syntax, tools, sink)
{
    private readonly string _after = syntax.AfterName.Trim();

    protected override bool TakeHeader(ReadOnlySpan<char> section)
    {
        int at = section.Find(Syntax.BeforeName, Position);
        if (at < 0)
        {
            return false;
        }

        Position = at; // what is before it was looked through
        int start = at + Syntax.BeforeName.Length;
        int end = section.Find(_after, start);
        int arguments = end < 0 ? -1 : section.FirstLetter(end + _after.Length);
        if (arguments < 0)
        {
            return false;
        }

        (string? id, string name) = Syntax.SplitId(section[start..end].Trim().ToString());
        return section[arguments] == '{' ? Begin(id, name, arguments) : Stop();
    }
}
