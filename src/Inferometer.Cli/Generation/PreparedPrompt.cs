using Inferometer.Inference.Chat.Formats;
using Inferometer.Inference.Engine;

namespace Inferometer.Cli.Generation;

/// <summary>A request with what of it people see, and how its answer is read.</summary>
/// <param name="Request">The request.</param>
/// <param name="Text">The prompt's text.</param>
/// <param name="Reader">Tells reasoning from the answer; null where all is answer.</param>
internal sealed record PreparedPrompt(GenerationRequest Request, string Text, AnswerReader? Reader);
