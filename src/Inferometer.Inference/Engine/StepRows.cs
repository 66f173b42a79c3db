using System.Runtime.InteropServices;
using Inferometer.Runners;
using Inferometer.Scheduling;

namespace Inferometer.Inference.Engine;

/// <summary>
/// The rows of one chunk of the step that has just run, where they lie: a row that nobody asks for never leaves the runner. Valid until the
/// next step.
/// </summary>
/// <param name="runner">What ran the step.</param>
/// <param name="firstPromptRow">The chunk's first row of logits of its prompt's own tokens, where those are wanted.</param>
/// <param name="firstRow">The chunk's first row of logits that a token is chosen from.</param>
/// <param name="firstToken">The chunk's first token.</param>
/// <param name="tokens">Tokens that may be chosen: rows are cut to them.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly struct StepRows(IModelRunner runner, int firstPromptRow, int firstRow, int firstToken, int tokens)
{
    /// <summary>The most probable token of a row; -1 where the row holds a number that is not finite.</summary>
    /// <param name="row">Row of the chunk, from 0.</param>
    public int BestToken(int row) => ChoosableRows.Best(runner, firstRow + row, tokens);

    /// <summary>A row of logits, [tokens that may be chosen]; may be overwritten.</summary>
    /// <param name="row">Row of the chunk, from 0.</param>
    public Span<float> Logits(int row) => runner.Logits(firstRow + row)[..tokens];

    /// <summary>A row of logits behind a token of the prompt, [tokens that may be chosen]; may be overwritten.</summary>
    /// <param name="row">Token of the chunk, from 0 to below <see cref="StepChunk.PromptRows"/>.</param>
    public Span<float> PromptLogits(int row) => runner.Logits(firstPromptRow + row)[..tokens];

    /// <summary>The most probable tokens of a row; none where the row has to be read whole.</summary>
    /// <param name="row">Row of the chunk, from 0.</param>
    public RowCandidates Candidates(int row) =>
        tokens == runner.Architecture.VocabularySize ? runner.Candidates(firstRow + row) : default;

    /// <summary>State of a token, [hidden].</summary>
    /// <param name="token">Token of the chunk, from 0.</param>
    public ReadOnlySpan<float> HiddenState(int token) => runner.HiddenState(firstToken + token);
}
