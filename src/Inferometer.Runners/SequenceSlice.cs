namespace Inferometer.Runners;

/// <summary>
/// One sequence's part of a step: a stretch of a prompt, or the one token a decode adds. Reusable; the memory it points to must stay
/// unchanged until the step has run.
/// </summary>
public sealed class SequenceSlice
{
    /// <summary>Token ids to run, in order; at least one.</summary>
    public ReadOnlyMemory<int> Tokens { get; set; }

    /// <summary>
    /// Tokens of the sequence whose keys and values are in the cache already; the first of <see cref="Tokens"/> has this position.
    /// </summary>
    public int PastTokens { get; set; }

    /// <summary>
    /// Cache blocks of the sequence in order of position; covers past and new tokens. New tokens' blocks must not be shared with another
    /// sequence.
    /// </summary>
    public ReadOnlyMemory<int> BlockTable { get; set; }

    /// <summary>
    /// The segment of each token, of models that tell a first text from a second; empty where all are of the first.
    /// </summary>
    public ReadOnlyMemory<int> Segments { get; set; }

    /// <summary>How many of the last tokens get a row of logits: 0 none, 1 the last, n the last n.</summary>
    public int LogitRows { get; set; }

    /// <summary>
    /// Temperature at which <see cref="IModelRunner.Candidates"/> of the slice's rows are wanted; 0 = not wanted. A runner without a way to
    /// find them cheaply may leave it aside.
    /// </summary>
    public float CandidateTemperature { get; set; }

    /// <summary>The adapter this sequence runs with, or null. Must have been loaded for the model that runs the step.</summary>
    public IModelAdapter? Adapter { get; set; }
}
