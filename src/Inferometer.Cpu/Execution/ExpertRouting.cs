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
    private float[] _ranks = [];

    /// <summary>Rows of the tokens of one expert, ascending.</summary>
    public ReadOnlySpan<int> TokensOf(int expert) => _tokens.AsSpan(_starts[expert], _starts[expert + 1] - _starts[expert]);

    /// <summary>Factor on the expert's output for each of <see cref="TokensOf"/>.</summary>
    public ReadOnlySpan<float> WeightsOf(int expert) => _weights.AsSpan(_starts[expert], _starts[expert + 1] - _starts[expert]);

    /// <summary>Chooses the experts of each token from the router's scores, which are overwritten.</summary>
    /// <param name="moe">Number of experts, choices, and whether their weights are made to sum to one.</param>
    /// <param name="scores">Router outputs, [tokens, experts].</param>
    /// <param name="tokens">Tokens of the step.</param>
    /// <param name="correction">Added to the probabilities for the choice alone, [experts], or null.</param>
    /// <param name="scales">Factors on the experts' weights, [experts], or null.</param>
    public void Route(MoeFeedForward moe, Span<float> scores, int tokens, float[]? correction = null, float[]? scales = null)
    {
        Reserve(moe, tokens);
        Array.Clear(_starts);
        for (int token = 0; token < tokens; token++)
        {
            Span<int> experts = _experts.AsSpan(token * moe.ExpertsPerToken, moe.ExpertsPerToken);
            Span<float> weights = _chosenWeights.AsSpan(token * moe.ExpertsPerToken, moe.ExpertsPerToken);
            ExpertChoice.Of(
                moe, scores.Slice(token * moe.Experts, moe.Experts), correction, _ranks.AsSpan(0, moe.Experts), experts, weights);
            for (int choice = 0; choice < experts.Length; choice++)
            {
                _starts[experts[choice] + 1]++;
                weights[choice] *= scales?[experts[choice]] ?? 1;
            }
        }

        Sort(moe, tokens);
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
            _ranks = new float[moe.Experts];
        }
    }
}
