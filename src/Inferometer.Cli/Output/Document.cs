namespace Inferometer.Cli.Output;

/// <summary>What a command prints, apart from how: every format is fed by the same document.</summary>
internal sealed class Document(params Block[] blocks)
{
    /// <summary>First line, for people.</summary>
    public string? Title { get; init; }

    /// <summary>The parts, in order.</summary>
    public IList<Block> Blocks { get; } = [.. blocks];
}

/// <summary>One part of a document.</summary>
/// <param name="Key">Name in JSON.</param>
/// <param name="Title">Heading, for people.</param>
internal abstract record Block(string Key, string? Title);

/// <summary>Named values. In JSON they are members of the document itself.</summary>
internal sealed record Facts(string? Title, IReadOnlyList<Fact> Items) : Block("", Title);

/// <summary>One named value.</summary>
/// <param name="Label">Name people read.</param>
/// <param name="Key">Name machines read, snake case, with unit.</param>
/// <param name="Cell">The value.</param>
internal sealed record Fact(string Label, string Key, Cell Cell);

/// <summary>Sentences, one per line.</summary>
internal sealed record Sentences(string Key, string? Title, IReadOnlyList<string> Lines) : Block(Key, Title)
{
    /// <summary>Each line gets a dash in front.</summary>
    public bool Bulleted { get; init; } = true;
}
