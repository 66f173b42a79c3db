namespace Inferometer.ModelFiles.Templates;

/// <summary>Where the system prompt goes.</summary>
internal enum SystemPlacement
{
    /// <summary>It is a turn of its own.</summary>
    OwnTurn,

    /// <summary>It opens the first user turn.</summary>
    FirstUserTurn,

    /// <summary>It opens the last user turn.</summary>
    LastUserTurn,
}

/// <summary>Whose content loses the white space around it.</summary>
internal enum ContentTrimming
{
    /// <summary>Nobody's.</summary>
    None,

    /// <summary>The assistant's.</summary>
    Assistant,

    /// <summary>Everybody's.</summary>
    All,

    /// <summary>That of user and assistant turns, not of the system prompt.</summary>
    Turns,

    /// <summary>That of user and assistant turns, once a system prompt was put into one.</summary>
    FoldedTurns,
}

/// <summary>The text around a turn's content.</summary>
internal sealed record Frame(string Before, string After);

/// <summary>A chat format as data: the text around each role's content and the rules for the system prompt.</summary>
internal sealed record ChatFormat
{
    public required string Name { get; init; }

    public required Frame System { get; init; }

    public required Frame User { get; init; }

    public required Frame Assistant { get; init; }

    /// <summary>What follows the last turn to make the model answer.</summary>
    public string GenerationPrompt { get; init; } = "";

    /// <summary>Stands before every user turn but the first.</summary>
    public string BetweenExchanges { get; init; } = "";

    public SystemPlacement Placement { get; init; }

    public ContentTrimming Trimming { get; init; }

    /// <summary>The system prompt of a conversation that gives none; null leaves it without.</summary>
    public string? DefaultSystemPrompt { get; init; }

    /// <summary>Earlier answers lose what precedes this marker, and the marker.</summary>
    public string? ReasoningEnd { get; init; }

    /// <summary>Earlier answers also lose the line breaks after that marker.</summary>
    public bool TrimsAfterReasoning { get; init; }

    /// <summary>Text at which an answer ends though the model gave no end token.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];
}
