using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Writers;

/// <summary>A file, a pipe, or a terminal that wants no colour.</summary>
/// <param name="output">Where it is written.</param>
/// <param name="width">Characters that fit into a line; null = no limit.</param>
public sealed class PlainSurface(TextWriter output, int? width = null) : ISurface
{
    /// <inheritdoc/>
    public int? Width => width;

    /// <inheritdoc/>
    public string Bar(double fraction, int width) => new('#', (int)Math.Round(fraction * width));

    /// <inheritdoc/>
    public void Write(string text, Tone tone = Tone.Normal) => output.Write(text);
}
