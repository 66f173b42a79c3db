using Inferometer.Core.Models;

namespace Inferometer.Cpu.Execution;

/// <summary>Which experts a token goes to, and with what weights, from the scores of a router.</summary>
internal static class ExpertChoice
{
    // Below every rank that a probability with its correction can have.
    private const float Chosen = float.NegativeInfinity;

    // Where chosen weights sum to nothing they stay as they are.
    private const float SmallestSum = 1e-20f;

    /// <summary>Chooses.</summary>
    /// <param name="moe">How the family routes.</param>
    /// <param name="scores">Outputs of the router, [experts]; become probabilities.</param>
    /// <param name="correction">Added to the probabilities for the choice alone, or null.</param>
    /// <param name="ranks">Room for [experts] numbers.</param>
    /// <param name="experts">The chosen ones, best first.</param>
    /// <param name="weights">Their weights.</param>
    public static void Of(
        MoeFeedForward moe, Span<float> scores, float[]? correction, Span<float> ranks, Span<int> experts, Span<float> weights)
    {
        if (moe.RouterJitter > 0)
        {
            SparseMixer(moe, scores, experts, weights);
            return;
        }

        if (moe.SigmoidRouter)
        {
            Sigmoid(scores);
        }
        else
        {
            Softmax(scores);
        }

        scores.CopyTo(ranks);
        for (int expert = 0; correction is not null && expert < ranks.Length; expert++)
        {
            ranks[expert] += correction[expert];
        }

        if (moe.RouterGroups > 1)
        {
            KeepBestGroups(moe, ranks);
        }

        float sum = 0;
        for (int choice = 0; choice < experts.Length; choice++)
        {
            int best = IndexOfBest(ranks);
            experts[choice] = best;
            weights[choice] = scores[best];
            sum += scores[best];
            ranks[best] = Chosen;
        }

        float factor = (float)moe.RoutedScale / (moe.NormalizeTopK && sum > SmallestSum ? sum : 1);
        foreach (ref float weight in weights)
        {
            weight *= factor;
        }
    }

    /// <summary>
    /// Hides the experts of all groups but the best. A group is as good as its best expert (DeepSeek-V2), or where probabilities are
    /// sigmoids as its two best together (DeepSeek-V3).
    /// </summary>
    private static void KeepBestGroups(MoeFeedForward moe, Span<float> ranks)
    {
        int size = ranks.Length / moe.RouterGroups;
        Span<float> groups = stackalloc float[moe.RouterGroups];
        for (int group = 0; group < groups.Length; group++)
        {
            float first = float.NegativeInfinity, second = float.NegativeInfinity;
            foreach (float rank in ranks.Slice(group * size, size))
            {
                (first, second) = rank > first ? (rank, first) : (first, Math.Max(second, rank));
            }

            groups[group] = moe.SigmoidRouter && size > 1 ? first + second : first;
        }

        Span<bool> kept = stackalloc bool[moe.RouterGroups];
        kept.Clear();
        for (int choice = 0; choice < moe.RouterGroupsPerToken; choice++)
        {
            int best = IndexOfBest(groups);
            kept[best] = true;
            groups[best] = Chosen;
        }

        for (int group = 0; group < groups.Length; group++)
        {
            if (!kept[group])
            {
                ranks.Slice(group * size, size).Fill(Chosen);
            }
        }
    }

    // arXiv:2409.12136, as it is run: the second choice is made among the experts that the first one left.
    private static void SparseMixer(MoeFeedForward moe, Span<float> scores, Span<int> experts, Span<float> weights)
    {
        for (int choice = 0; choice < experts.Length; choice++)
        {
            int best = IndexOfBest(scores);
            float top = scores[best], sum = 0;
            foreach (float score in scores)
            {
                bool isNear = score > Chosen && (top - score) / Math.Max(Math.Abs(score), top) <= 2 * moe.RouterJitter;
                sum += isNear ? MathF.Exp(score - top) : 0;
            }

            experts[choice] = best;
            weights[choice] = (float)moe.RoutedScale / sum;
            scores[best] = Chosen;
        }
    }

    private static int IndexOfBest(ReadOnlySpan<float> values)
    {
        int best = 0;
        for (int i = 1; i < values.Length; i++)
        {
            best = values[i] > values[best] ? i : best;
        }

        return best;
    }

    private static void Sigmoid(Span<float> scores)
    {
        foreach (ref float score in scores)
        {
            score = 1 / (1 + MathF.Exp(-score));
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
}
