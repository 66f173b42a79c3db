using Inferometer.Inference.Constraints.Grammars;

namespace Inferometer.Inference.Constraints.Schemas;

/// <summary>What one schema says of members by patterns of their names.</summary>
/// <param name="Patterns">Names, and what the values of such members must fulfil.</param>
/// <param name="Additional">What members of other names must fulfil; null = nothing was said of them.</param>
internal sealed record MemberRule(IReadOnlyList<(TextAutomaton Name, SchemaPlace Place)> Patterns, IReadOnlyList<SchemaPlace>? Additional)
{
    /// <summary>What the patterns that a name matches say.</summary>
    public IEnumerable<SchemaPlace> Matched(string name) =>
        Patterns.Where(pattern => pattern.Name.Contains(name)).Select(pattern => pattern.Place);

    /// <summary>What a member that has no schema of its own must fulfil.</summary>
    public IEnumerable<SchemaPlace> PlacesOf(string name) =>
        Patterns.Any(pattern => pattern.Name.Contains(name)) ? Matched(name) : Additional ?? [];
}
