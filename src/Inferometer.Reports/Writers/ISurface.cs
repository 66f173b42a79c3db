using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Writers;

/// <summary>Where pages for reading are written.</summary>
public interface ISurface
{
    /// <summary>Characters that fit into a line; null = no limit.</summary>
    int? Width { get; }

    /// <summary>Draws a bar of at most <paramref name="width"/> characters.</summary>
    /// <param name="fraction">Length of the bar, 0 to 1.</param>
    /// <param name="width">Characters of a bar of length 1.</param>
    string Bar(double fraction, int width);

    /// <summary>Writes text that may hold line ends.</summary>
    void Write(string text, Tone tone = Tone.Normal);
}
