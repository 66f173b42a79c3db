namespace Inferometer.Inference.Chat.Formats;

/// <summary>What stands around what a model writes to itself.</summary>
/// <param name="Open">Before it.</param>
/// <param name="Close">Behind it.</param>
/// <param name="When">What a template's text holds whose models write so.</param>
internal sealed record ReasoningTags(string Open, string Close, string When);
