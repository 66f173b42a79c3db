using Inferometer.Inference.Chat.Formats;
using Inferometer.Inference.Engine;

namespace Inferometer.Inference.Chat;

/// <summary>A request to the engine, and how its answer is read.</summary>
/// <param name="Generation">The request.</param>
/// <param name="Reader">Takes the answer apart.</param>
/// <param name="KeepsReasoning">Whether reasoning is given out.</param>
internal sealed record ChatRequest(GenerationRequest Generation, AnswerReader Reader, bool KeepsReasoning);
