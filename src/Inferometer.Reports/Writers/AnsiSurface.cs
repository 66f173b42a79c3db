using System.Text;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Writers;

/// <summary>A terminal that understands the escape sequences of ECMA-48 for colour.</summary>
/// <param name="output">The terminal.</param>
/// <param name="width">Characters that fit into a line; null = no limit.</param>
public sealed class AnsiSurface(TextWriter output, int? width = null) : ISurface
{
    private const string Eighths = "▏▎▍▌▋▊▉█";
    private const string Reset = "\u001b[0m";

    /// <inheritdoc/>
    public int? Width => width;

    /// <inheritdoc/>
    public string Bar(double fraction, int width)
    {
        int eighths = (int)Math.Round(fraction * width * 8);
        StringBuilder bar = new(new string('█', eighths / 8));
        return eighths % 8 == 0 ? bar.ToString() : bar.Append(Eighths[(eighths % 8) - 1]).ToString();
    }

    /// <inheritdoc/>
    /// <remarks>No line ends inside a colour: pagers and terminals that scroll would colour the rest of the screen.</remarks>
    public void Write(string text, Tone tone = Tone.Normal)
    {
        ArgumentNullException.ThrowIfNull(text);
        string start = StartOf(tone);
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (i > 0)
            {
                output.Write('\n');
            }

            output.Write(start.Length == 0 || string.IsNullOrWhiteSpace(lines[i]) ? lines[i] : start + lines[i] + Reset);
        }
    }

    // Bold, and four of the sixteen colours that themes of terminals define, so that they read well on any background.
    private static string StartOf(Tone tone) => tone switch
    {
        Tone.Strong => "\u001b[1m",
        Tone.Dim => "\u001b[90m",
        Tone.Accent => "\u001b[36m",
        Tone.Good => "\u001b[32m",
        Tone.Bad => "\u001b[91m",
        _ => "",
    };
}
