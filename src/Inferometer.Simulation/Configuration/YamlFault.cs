using Inferometer.Core;
using YamlDotNet.Core;

namespace Inferometer.Simulation.Configuration;

/// <summary>Says where a text is no YAML, what is wrong there and what is allowed.</summary>
internal static class YamlFault
{
    /// <param name="error">What the library threw.</param>
    /// <param name="text">The text.</param>
    /// <param name="origin">Where it came from.</param>
    /// <param name="open">Where the list or mapping begins that was being read; null = there is none.</param>
    public static InferometerException Of(Exception error, string text, string origin, Mark? open)
    {
        string[] lines = text.Split('\n');
        (long line, long column, string what) = error switch
        {
            // The library tells of some brackets without a place.
            not YamlException => (open?.Line ?? lines.Length, open?.Column ?? 1, "a bracket or quote that is opened here is not closed"),
            AnchorNotFoundException => Alias(lines),
            YamlException { Message: var said }
                when said.Contains(" tab", StringComparison.Ordinal) && IndentedByTab(lines) is >= 0 and var i =>
                (i + 1, lines[i].IndexOf('\t', StringComparison.Ordinal) + 1, "a tab indents it; YAML indents with spaces"),
            YamlException fault => (fault.Start.Line, fault.Start.Column, What(fault, lines)),
        };
        return new InferometerException(FormattableString.Invariant(
            $"{origin}, line {line}, column {column}: not valid YAML: {what}."), error);
    }

    private static string What(YamlException fault, string[] lines)
    {
        const string Duplicate = "Duplicate key ";
        string said = fault.Message.ReplaceLineEndings(" ").TrimEnd('.', ' ');
        if (said.StartsWith(Duplicate, StringComparison.Ordinal))
        {
            return $"'{said[Duplicate.Length..]}' is there twice; a name may stand once in a mapping";
        }

        if (said.Contains("quoted scalar", StringComparison.Ordinal))
        {
            return "a quote that is opened here is not closed, or goes on in a line that is not indented";
        }

        if (said.Contains("cannot start any token", StringComparison.Ordinal) && CharacterAt(fault.Start, lines) is { } c)
        {
            return $"'{c}' cannot begin a value; a value that begins so stands in quotes";
        }

        return said.Length > 0 ? char.ToLowerInvariant(said[0]) + said[1..] : "it cannot be read";
    }

    private static char? CharacterAt(Mark mark, string[] lines) =>
        mark.Line <= lines.Length && lines[mark.Line - 1] is var line && mark.Column <= line.Length && !char.IsControl(
            line[(int)mark.Column - 1])
        ? line[(int)mark.Column - 1] : null;

    private static int IndentedByTab(string[] lines) =>
        Array.FindIndex(lines, l => IndentOf(l).Contains('\t', StringComparison.Ordinal));

    private static string IndentOf(string line) => line[..(line.Length - line.TrimStart().Length)];

    // The library places it at the beginning of the text.
    private static (long Line, long Column, string What) Alias(string[] lines)
    {
        int line = Array.FindIndex(lines, l => l.Contains('*', StringComparison.Ordinal));
        return (line + 1, line < 0 ? 1 : lines[line].IndexOf('*', StringComparison.Ordinal) + 1,
            "an alias stands for no value that was named before; aliases are not supported, write the value out");
    }
}
