using Inferometer.Scheduling;

namespace Inferometer.Inference.Engine;

/// <summary>A sequence whose owner could not take what a step gave.</summary>
/// <param name="Sequence">The sequence.</param>
/// <param name="Error">What its owner threw.</param>
internal sealed record SequenceFailure(Sequence Sequence, Exception Error);
