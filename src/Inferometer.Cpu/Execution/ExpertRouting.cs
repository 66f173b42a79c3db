using Inferometer.Core.Models;

namespace Inferometer.Cpu.Execution;

/// <summary>
/// Which tokens go to which expert and with what weight, for one layer of one step, sorted by expert so that each expert's tokens
/// are multiplied together. Arrays grow to the largest step and stay.
/// </summary>
internal sealed class ExpertRouting
{
    private int[] _experts = [];
    private float[] _chosenWeights = [];
    private int[] _tokens = [];
    private float[] _weights = [];
    private int[] _starts = [];

    /// <summary>Rows of the tokens of one expert, ascending.</summary>
    public ReadOnlySpan<int> TokensOf(int expert) => _tokens.AsSpan(_starts[expert], _starts[expert + 1] - _starts[expert]);

    /// <summary>Factor on the expert's output for each of <see cref="TokensOf"/>.</summary>
    public ReadOnlySpan<float> WeightsOf(int expert) => _weights.AsSpan(_starts[expert], _starts[expert + 1] - _starts[expert]);

    /// <summary>Chooses the experts of each token from the router's scores, which are overwritten.</summary>
    /// <param name="moe">Number of experts, choices, and whether their weights are made to sum to one.</param>
    /// <param name="scores">Router outputs, [tokens, experts].</param>
    /// <param name="tokens">Tokens of the step.</param>
    public void Route(MoeFeedForward moe, Span<float> scores, int tokens)
    {
        Reserve(moe, tokens);
        Array.Clear(_starts);
        for (int token = 0; token < tokens; token++)
        {
            Span<int> experts = _experts.AsSpan(token * moe.ExpertsPerToken, moe.ExpertsPerToken);
            Choose(moe, scores.Slice(token * moe.Experts, moe.Experts), experts, _chosenWeights.AsSpan(token * moe.ExpertsPerToken));
            foreach (int expert in experts)
            {
                _starts[expert + 1]++;
            }
        }

        Sort(moe, tokens);
    }

    private static void Choose(MoeFeedForward moe, Span<float> scores, Span<int> experts, Span<float> weights)
    {
        Softmax(scores);
        float sum = 0;
        for (int choice = 0; choice < experts.Length; choice++)
        {
            int best = 0;
            for (int expert = 1; expert < scores.Length; expert++)
            {
                best = scores[expert] > scores[best] ? expert : best;
            }

            experts[choice] = best;
            weights[choice] = scores[best];
            sum += scores[best];
            scores[best] = -1; // probabilities are not negative, so it is not chosen again
        }

        float factor = (float)moe.RoutedScale / (moe.NormalizeTopK ? sum : 1);
        for (int choice = 0; choice < experts.Length; choice++)
        {
            weights[choice] *= factor;
        }
    }

    private static void Softmax(Span<float> scores)
    {
        float top = float.NegativeInfinity;
        foreach (float score in scores)
        {
            top = Math.Max(top, score);
        }

        float sum = 0;
        foreach (ref float score in scores)
        {
            score = MathF.Exp(score - top);
            sum += score;
        }

        foreach (ref float score in scores)
        {
            score /= sum;
        }
    }

    // Counting sort by expert; tokens stay in order within an expert.
    private void Sort(MoeFeedForward moe, int tokens)
    {
        for (int expert = 0; expert < moe.Experts; expert++)
        {
            _starts[expert + 1] += _starts[expert];
        }

        for (int i = (tokens * moe.ExpertsPerToken) - 1; i >= 0; i--)
        {
            // _starts[e + 1] is the end of expert e here; filling from the back turns it into its start.
            int place = --_starts[_experts[i] + 1];
            _tokens[place] = i / moe.ExpertsPerToken;
            _weights[place] = _chosenWeights[i];
        }

        _starts.AsSpan(1, moe.Experts).CopyTo(_starts);
        _starts[moe.Experts] = tokens * moe.ExpertsPerToken;
    }

    private void Reserve(MoeFeedForward moe, int tokens)
    {
        int choices = tokens * moe.ExpertsPerToken;
        if (_experts.Length < choices)
        {
            _experts = new int[choices];
            _chosenWeights = new float[choices];
            _tokens = new int[choices];
            _weights = new float[choices];
        }

        if (_starts.Length < moe.Experts + 1)
        {
            _starts = new int[moe.Experts + 1];
        }
    }
}
