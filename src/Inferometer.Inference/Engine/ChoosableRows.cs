using Inferometer.Inference.Sampling;
using Inferometer.Runners;

namespace Inferometer.Inference.Engine;

/// <summary>
/// Rows of logits cut to those that a model and its draft model both have: models of a family have one vocabulary but are filled up to
/// different round numbers, and what one of them chooses the other is given.
/// </summary>
internal static class ChoosableRows
{
    /// <summary>The most probable of the first <paramref name="tokens"/> tokens; -1 where a number is not finite.</summary>
    /// <param name="runner">What ran the step.</param>
    /// <param name="row">Row of logits.</param>
    /// <param name="tokens">Tokens that may be chosen; at most those of the model.</param>
    public static int Best(IModelRunner runner, int row, int tokens)
    {
        int best = runner.BestToken(row);
        return (best >= 0 && best < tokens) || tokens == runner.Architecture.VocabularySize
            ? best
            : Sampler.BestOf(runner.Logits(row)[..tokens]);
    }
}
