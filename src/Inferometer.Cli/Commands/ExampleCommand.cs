using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Inferometer.Cli.Commands;

/// <summary>A command whose help ends in examples.</summary>
internal sealed class ExampleCommand(string name, string description, params string[] examples) : Command(name, description)
{
    public IReadOnlyList<string> Examples => examples;
}

/// <summary>The usual help, then the command's examples.</summary>
internal sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
{
    private const string Indent = "  ";

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        int code = help.Invoke(parseResult);
        if (parseResult.CommandResult.Command is ExampleCommand { Examples.Count: > 0 } command)
        {
            TextWriter output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (string example in command.Examples)
            {
                output.WriteLine(Indent + string.Join(" \\\n" + Indent + Indent, Lines(example, help.MaxWidth)));
            }

            output.WriteLine();
        }

        return code;
    }

    // A line that is too long goes on as a shell lets it: behind a backslash, where an option begins, as its value stays with it.
    private static List<string> Lines(string example, int width)
    {
        const int Continued = 2; // the blank and the backslash
        List<string> lines = [];
        foreach (string part in example.Replace(" -", "\n-", StringComparison.Ordinal).Split('\n'))
        {
            bool fits = lines.Count > 0
                && (lines.Count > 1 ? 2 : 1) * Indent.Length + lines[^1].Length + 1 + part.Length + Continued <= width;
            if (fits)
            {
                lines[^1] += " " + part;
            }
            else
            {
                lines.Add(part);
            }
        }

        return lines;
    }
}
