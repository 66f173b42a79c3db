namespace Inferometer.Reports.Documents;

/// <summary>How a piece of text is meant; a colour terminal shows it, everything else ignores it.</summary>
public enum Tone
{
    /// <summary>Like the text around it.</summary>
    Normal,

    /// <summary>What the page is about: titles and headline figures.</summary>
    Strong,

    /// <summary>Names and rules, less than what they stand beside.</summary>
    Dim,

    /// <summary>Bars.</summary>
    Accent,

    /// <summary>As it should be, or the best.</summary>
    Good,

    /// <summary>What does not work.</summary>
    Bad,
}
