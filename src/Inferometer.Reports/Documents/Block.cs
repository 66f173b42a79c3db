namespace Inferometer.Reports.Documents;

/// <summary>One part of a document.</summary>
/// <param name="Key">Name in JSON.</param>
/// <param name="Title">Heading, for people.</param>
public abstract record Block(string Key, string? Title);

/// <summary>Named values. In JSON they are members of the document itself.</summary>
/// <param name="Title">Heading, for people.</param>
/// <param name="Items">The values, in order.</param>
public sealed record Facts(string? Title, IReadOnlyList<Fact> Items) : Block("", Title)
{
    /// <summary>Those that somebody reads.</summary>
    /// <param name="audience">Who.</param>
    public IEnumerable<Fact> ItemsFor(Audience audience) => Items.Where(f => f.Audience is Audience.Everyone || f.Audience == audience);
}

/// <summary>One named value.</summary>
/// <param name="Label">Name people read.</param>
/// <param name="Key">Name machines read, snake case, with unit.</param>
/// <param name="Cell">The value.</param>
public sealed record Fact(string Label, string Key, Cell Cell)
{
    /// <summary>Who reads it.</summary>
    public Audience Audience { get; init; }
}

/// <summary>Sentences, one per line.</summary>
/// <param name="Key">Name in JSON.</param>
/// <param name="Title">Heading, for people.</param>
/// <param name="Lines">The sentences.</param>
public sealed record Sentences(string Key, string? Title, IReadOnlyList<string> Lines) : Block(Key, Title)
{
    /// <summary>Each line gets a dash in front.</summary>
    public bool Bulleted { get; init; } = true;

    /// <summary>Lines are pictures made of characters: their blanks are kept and they are never folded.</summary>
    public bool IsDrawing { get; init; }
}
