using System.Text;

namespace Inferometer.Cli.Output;

/// <summary>Where pages for reading are written.</summary>
internal interface ISurface
{
    /// <summary>Draws a bar of at most <paramref name="width"/> characters.</summary>
    string Bar(double fraction, int width);

    void Write(string text, Tone tone = Tone.Normal);
}

/// <summary>A file, a pipe, or a terminal that wants no colour.</summary>
internal sealed class PlainSurface(TextWriter output) : ISurface
{
    public string Bar(double fraction, int width) => new('#', (int)Math.Round(fraction * width));

    public void Write(string text, Tone tone = Tone.Normal) => output.Write(text);
}

/// <summary>A colour terminal.</summary>
internal sealed class TerminalSurface(Spectre.Console.IAnsiConsole console) : ISurface
{
    private const string Eighths = "▏▎▍▌▋▊▉█";

    public string Bar(double fraction, int width)
    {
        int eighths = (int)Math.Round(fraction * width * 8);
        StringBuilder bar = new(new string('█', eighths / 8));
        return eighths % 8 == 0 ? bar.ToString() : bar.Append(Eighths[(eighths % 8) - 1]).ToString();
    }

    // Line ends are written past the console's layout, which pads and wraps what it is given as a block.
    public void Write(string text, Tone tone = Tone.Normal)
    {
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (i > 0)
            {
                console.Profile.Out.Writer.Write('\n');
            }

            if (lines[i].Length > 0)
            {
                console.Write(new Spectre.Console.Text(lines[i], StyleOf(tone)));
            }
        }
    }

    private static Spectre.Console.Style StyleOf(Tone tone) => tone switch
    {
        Tone.Strong => new(decoration: Spectre.Console.Decoration.Bold),
        Tone.Dim => new(Spectre.Console.Color.Grey),
        Tone.Accent => new(Spectre.Console.Color.Teal),
        Tone.Good => new(Spectre.Console.Color.Green),
        Tone.Bad => new(Spectre.Console.Color.Red),
        _ => Spectre.Console.Style.Plain,
    };
}
