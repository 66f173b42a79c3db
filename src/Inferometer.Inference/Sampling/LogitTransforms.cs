using System.Numerics.Tensors;
using Inferometer.Core;

namespace Inferometer.Inference.Sampling;

/// <summary>The stages between raw logits and a distribution, each in place over one row of <c>[vocabulary]</c>. None allocates.</summary>
internal static class LogitTransforms
{
    /// <summary>Adds the biases; tokens that the row does not reach have none to get.</summary>
    public static void AddBias(Span<float> logits, ReadOnlySpan<KeyValuePair<int, float>> bias)
    {
        foreach ((int token, float value) in bias)
        {
            if (token < logits.Length)
            {
                logits[token] += value;
            }
        }
    }

    /// <summary>Applies repetition (prompt and output), frequency and presence (output) penalties.</summary>
    public static void Penalise(Span<float> logits, TokenCounts counts, SamplingOptions options)
    {
        foreach ((int token, TokenCount count) in counts)
        {
            logits[token] = Penalised(logits[token], count, options);
        }
    }

    /// <summary>The same of one token that occurs.</summary>
    public static float Penalised(float logit, TokenCount count, SamplingOptions options)
    {
        logit = logit > 0 ? logit / options.RepetitionPenalty : logit * options.RepetitionPenalty;
        return count.Output > 0 ? logit - ((options.FrequencyPenalty * count.Output) + options.PresencePenalty) : logit;
    }

    /// <summary>
    /// Turns logits into the probabilities that the options describe: temperature, min-p, top-k, top-p. Tokens left out get 0, the rest sum
    /// to 1 (up to rounding). Logits that are all negative infinity give an error rather than a token.
    /// </summary>
    /// <param name="logits">Row to transform in place.</param>
    /// <param name="options">Temperature must be above 0.</param>
    /// <param name="scratch">At least as long as the row.</param>
    /// <param name="indices">At least as long as the row.</param>
    public static void ToProbabilities(Span<float> logits, SamplingOptions options, Span<float> scratch, Span<int> indices)
    {
        float max = TensorPrimitives.Max(logits);
        if (!float.IsFinite(max))
        {
            throw new InferometerException("sampling: no token is possible: every logit is negative infinity, or one is not a number.");
        }

        ToShares(logits, max, options.Temperature);
        if (options.MinP > 0)
        {
            DropBelow(logits, options.MinP);
        }

        if (options.TopK > 0 && options.TopK < logits.Length)
        {
            KeepLargest(logits, options.TopK, scratch);
        }

        Finish(logits, options.TopP, logits.Length, scratch, indices);
    }

    /// <summary>exp((logit - max) / temperature), in place: how probable each is relative to one of <paramref name="max"/>.</summary>
    public static void ToShares(Span<float> logits, float max, float temperature)
    {
        TensorPrimitives.Subtract(logits, max, logits);
        TensorPrimitives.Divide(logits, temperature, logits);
        TensorPrimitives.Exp(logits, logits);
    }

    /// <summary>Makes shares probabilities and keeps those of the nucleus.</summary>
    /// <param name="shares">Shares, all that are not zero.</param>
    /// <param name="mass">Sum that the kept probabilities reach; 1 = all are kept.</param>
    /// <param name="vocabularySize">Tokens there are, those with a share of zero included.</param>
    /// <param name="scratch">At least as long as the shares.</param>
    /// <param name="indices">At least as long as the shares.</param>
    public static void Finish(Span<float> shares, float mass, int vocabularySize, Span<float> scratch, Span<int> indices)
    {
        Normalise(shares);
        if (mass < 1)
        {
            KeepNucleus(shares, mass, vocabularySize, scratch, indices);
            Normalise(shares);
        }
    }

    /// <summary>The token at which the running sum of the probabilities passes <paramref name="uniform"/>.</summary>
    public static int Draw(ReadOnlySpan<float> probabilities, double uniform)
    {
        double target = uniform * Sum(probabilities);
        double sum = 0;
        int last = -1;
        for (int i = 0; i < probabilities.Length; i++)
        {
            if (probabilities[i] > 0)
            {
                sum += probabilities[i];
                last = i;
                if (sum > target)
                {
                    return i;
                }
            }
        }

        return last >= 0 ? last : throw new InferometerException("sampling: no token has a probability above zero.");
    }

    /// <summary>Double sum, since float sums over large vocabularies lose the small ones.</summary>
    private static double Sum(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float value in values)
        {
            sum += value;
        }

        return sum;
    }

    private static void Normalise(Span<float> values) => TensorPrimitives.Divide(values, (float)Sum(values), values);

    /// <summary>Drops what is less than <paramref name="threshold"/>.</summary>
    public static void DropBelow(Span<float> values, float threshold)
    {
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = values[i] >= threshold ? values[i] : 0;
        }
    }

    /// <summary>Keeps the <paramref name="count"/> largest; of equal ones at the border those with the lower ids.</summary>
    public static void KeepLargest(Span<float> values, int count, Span<float> scratch)
    {
        scratch = scratch[..values.Length];
        values.CopyTo(scratch);
        float border = SelectLargest(scratch, count);
        int atBorder = count;
        foreach (float value in values)
        {
            atBorder -= value > border ? 1 : 0;
        }

        for (int i = 0; i < values.Length; i++)
        {
            if (values[i] < border || (values[i] == border && atBorder-- <= 0))
            {
                values[i] = 0;
            }
        }
    }

    /// <summary>The value at rank <paramref name="count"/> from the largest; reorders the span (Hoare's selection).</summary>
    private static float SelectLargest(Span<float> values, int count)
    {
        int low = 0;
        int high = values.Length - 1;
        int rank = count - 1;
        while (low < high)
        {
            float pivot = values[(low + high) >>> 1];
            int i = low;
            int j = high;
            while (i <= j)
            {
                while (values[i] > pivot)
                {
                    i++;
                }

                while (values[j] < pivot)
                {
                    j--;
                }

                if (i <= j)
                {
                    (values[i], values[j]) = (values[j], values[i]);
                    i++;
                    j--;
                }
            }

            if (rank <= j)
            {
                high = j;
            }
            else if (rank >= i)
            {
                low = i;
            }
            else
            {
                break;
            }
        }

        return values[rank];
    }

    /// <summary>
    /// Keeps the fewest most probable tokens that reach <paramref name="mass"/>. Tokens below (1 - mass) / vocabulary cannot belong to
    /// them, since all of those together hold less than 1 - mass; so only the others are sorted.
    /// </summary>
    private static void KeepNucleus(
        Span<float> probabilities, float mass, int vocabularySize, Span<float> scratch, Span<int> indices)
    {
        float floor = (1 - mass) / vocabularySize;
        int count = 0;
        for (int i = 0; i < probabilities.Length; i++)
        {
            if (probabilities[i] > floor)
            {
                scratch[count] = -probabilities[i];
                indices[count++] = i;
            }
        }

        scratch[..count].Sort(indices[..count]);
        double sum = 0;
        int kept = 0;
        while (kept < count && (sum < mass || kept == 0))
        {
            sum -= scratch[kept++];
        }

        // What is kept is written back over a cleared row.
        probabilities.Clear();
        for (int i = 0; i < kept; i++)
        {
            probabilities[indices[i]] = -scratch[i];
        }
    }
}
