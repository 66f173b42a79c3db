using Inferometer.Core;
using Inferometer.Core.Models;

namespace Inferometer.Cpu.Rotary;

/// <summary>
/// Angular frequencies of a rotary embedding with its context extension applied, in double precision. Immutable and thread-safe.
/// Frequencies are fixed when the model is loaded; <see cref="Create"/> says what that means for schemes that look at the context.
/// </summary>
internal sealed class RopeFrequencies
{
    private readonly double[] _frequency;
    private readonly double _amplitude;

    private RopeFrequencies(double[] frequency, double amplitude) => (_frequency, _amplitude) = (frequency, amplitude);

    /// <summary>No pairs: positions do not enter.</summary>
    public static RopeFrequencies None { get; } = new([], 1);

    /// <summary>Pairs of channels that are rotated; the rotated width is twice this.</summary>
    public int Pairs => _frequency.Length;

    /// <summary>
    /// Frequencies for heads of <paramref name="headDim"/> channels. Dynamic NTK grows its base for <paramref name="contextTokens"/>, and
    /// LongRoPE takes its long factors when <paramref name="contextTokens"/> passes the trained length: both as if the whole context
    /// were in use, since keys already rotated cannot follow a later change.
    /// </summary>
    /// <param name="rope">Base and scheme.</param>
    /// <param name="headDim">Width of a head.</param>
    /// <param name="contextTokens">Longest context that will be run.</param>
    /// <param name="modelContextTokens">Context the model names in its own configuration.</param>
    /// <exception cref="InferometerException">A list of factors does not fit the head width.</exception>
    public static RopeFrequencies Create(RopeParameters rope, int headDim, int contextTokens, int modelContextTokens)
    {
        int rotated = rope.RotaryDim > 0 ? rope.RotaryDim : headDim;
        int trained = rope.OriginalContextTokens > 0 ? rope.OriginalContextTokens : modelContextTokens;
        double[] frequency = new double[rotated / 2];
        double theta = rope.Scaling == RopeScaling.DynamicNtk ? DynamicBase(rope, rotated, contextTokens, trained) : rope.Theta;
        for (int i = 0; i < frequency.Length; i++)
        {
            frequency[i] = Math.Pow(theta, -2.0 * i / rotated);
        }

        double amplitude = Scale(frequency, rope, rotated, contextTokens, trained, modelContextTokens);
        return new RopeFrequencies(frequency, amplitude);
    }

    /// <summary>Cosines and sines of one position, each [<see cref="Pairs"/>], times the scheme's attention factor.</summary>
    public void At(int position, Span<float> cosines, Span<float> sines)
    {
        for (int i = 0; i < _frequency.Length; i++)
        {
            (double sine, double cosine) = Math.SinCos(position * _frequency[i]);
            cosines[i] = (float)(cosine * _amplitude);
            sines[i] = (float)(sine * _amplitude);
        }
    }

    // Returns the factor on cosines and sines; two such factors multiply every score by its square.
    private static double Scale(double[] frequency, RopeParameters rope, int rotated, int context, int trained, int modelContext)
    {
        switch (rope.Scaling)
        {
            case RopeScaling.Linear:
                Divide(frequency, i => rope.Factor);
                return 1;
            case RopeScaling.Llama3:
                Divide(frequency, i => Llama3Divisor(frequency[i], rope, trained));
                return 1;
            case RopeScaling.Yarn:
                Yarn(frequency, rope, rotated, trained);
                return rope.AttentionFactor > 0 ? rope.AttentionFactor : Math.Max(1, 1 + (0.1 * Math.Log(rope.Factor)));
            case RopeScaling.LongRope:
                DivideBy(frequency, context > trained ? rope.LongFactors : rope.ShortFactors);
                return rope.AttentionFactor > 0 ? rope.AttentionFactor : LongRopeAmplitude(modelContext, trained);
            default:
                // GGUF files carry the Llama 3 rule as divisors per frequency instead of a named scheme.
                DivideBy(frequency, rope.ShortFactors);
                return 1;
        }
    }

    private static void Divide(double[] frequency, Func<int, double> divisor)
    {
        for (int i = 0; i < frequency.Length; i++)
        {
            frequency[i] /= divisor(i);
        }
    }

    private static void DivideBy(double[] frequency, EquatableList<double> divisors)
    {
        if (divisors.Count == 0)
        {
            return;
        }

        if (divisors.Count != frequency.Length)
        {
            throw new InferometerException(
                $"the model's rotary embedding lists {divisors.Count} frequency factors, but its heads have {frequency.Length} rotated "
                    + $"pairs.");
        }

        Divide(frequency, i => divisors[i]);
    }

    // Base for a context of n trained lengths' worth: theta * (factor * n - (factor - 1))^(d / (d - 2)).
    private static double DynamicBase(RopeParameters rope, int rotated, int context, int trained) => context <= trained
        ? rope.Theta
        : rope.Theta * Math.Pow((rope.Factor * context / trained) - (rope.Factor - 1), rotated / (rotated - 2.0));

    // Short wavelengths stay, long ones are divided by the factor, those between are blended (Llama 3.1 model card).
    private static double Llama3Divisor(double frequency, RopeParameters rope, int trained)
    {
        double turns = trained * frequency / (2 * Math.PI);
        double kept = Math.Clamp(
            (turns - rope.LowFrequencyFactor) / (rope.HighFrequencyFactor - rope.LowFrequencyFactor), 0, 1);
        return 1 / (((1 - kept) / rope.Factor) + kept);
    }

    // YaRN (arXiv 2309.00071), section 3.2: pairs that turn more often than beta_fast within the trained context are kept, fewer than
    // beta_slow divided.
    private static void Yarn(double[] frequency, RopeParameters rope, int rotated, int trained)
    {
        double PairOf(double turns) => rotated * Math.Log(trained / (turns * 2 * Math.PI)) / (2 * Math.Log(rope.Theta));
        (double first, double last) = (PairOf(rope.BetaFast), PairOf(rope.BetaSlow));
        double low = Math.Max(0, rope.TruncateRange ? Math.Floor(first) : first);
        double high = Math.Min(rotated - 1, rope.TruncateRange ? Math.Ceiling(last) : last);
        double width = Math.Max(high - low, 0.001);
        Divide(frequency, i =>
        {
            double divided = Math.Clamp((i - low) / width, 0, 1);
            return 1 / ((divided / rope.Factor) + (1 - divided));
        });
    }

    private static double LongRopeAmplitude(int modelContext, int trained) => modelContext <= trained
        ? 1
        : Math.Sqrt(1 + (Math.Log((double)modelContext / trained) / Math.Log(trained)));
}
