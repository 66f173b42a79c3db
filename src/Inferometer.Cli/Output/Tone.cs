namespace Inferometer.Cli.Output;

/// <summary>How a piece of text is meant; a colour terminal shows it, everything else ignores it.</summary>
internal enum Tone
{
    Normal,
    Strong,
    Dim,
    Accent,
    Good,
    Bad,
}
