namespace Inferometer.Core.Weights;

/// <summary>Modules that are quantised alike.</summary>
/// <param name="Format">Their format; null = they stay in the model's own type.</param>
/// <param name="Targets">Names and patterns of the modules; <c>Linear</c> = every linear layer.</param>
public sealed record EngineGroup(PackedFormat? Format, EquatableList<string> Targets)
{
    /// <summary>Every linear layer.</summary>
    public static EquatableList<string> Linear { get; } = ["Linear"];
}
