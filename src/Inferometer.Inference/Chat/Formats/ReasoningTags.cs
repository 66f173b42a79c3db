namespace Inferometer.Inference.Chat.Formats;

/// <summary>What stands around what a model writes to itself.</summary>
internal sealed record ReasoningTags(string Open, string Close);
