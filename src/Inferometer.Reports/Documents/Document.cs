using System.Text.Json.Nodes;

namespace Inferometer.Reports.Documents;

/// <summary>What is reported, apart from how: every format is fed by the same document.</summary>
/// <param name="blocks">The first parts.</param>
public sealed class Document(params Block[] blocks)
{
    /// <summary>First line, for people.</summary>
    public string? Title { get; init; }

    /// <summary>What JSON holds where it is not the parts: an entry in a format of its own, which can be read back.</summary>
    public JsonNode? Data { get; init; }

    /// <summary>The parts, in order.</summary>
    public IList<Block> Blocks { get; } = [.. blocks];
}
