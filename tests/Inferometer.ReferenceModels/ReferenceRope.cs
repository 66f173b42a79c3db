using System.Text.Json.Nodes;

namespace Inferometer.ReferenceModels;

/// <summary>
/// Rotary frequencies in double precision, written from the papers (RoPE 2104.09864, YaRN 2309.00071, LongRoPE 2402.13753) and the
/// published Llama 3.1 rule; reads the Hugging Face keys itself so that it shares nothing with the engine.
/// </summary>
public sealed class ReferenceRope
{
    private readonly double[] _frequency;
    private readonly double _amplitude = 1;

    public ReferenceRope(JsonObject config, double theta, int rotaryDim, bool scaled, int sequenceTokens)
    {
        _frequency = new double[rotaryDim / 2];
        for (int i = 0; i < _frequency.Length; i++)
        {
            _frequency[i] = Math.Pow(theta, -2.0 * i / rotaryDim);
        }

        if (!scaled || config["rope_scaling"] is not JsonObject scaling)
        {
            return;
        }

        int maximum = (int)config["max_position_embeddings"]!;
        double factor = (double?)scaling["factor"] ?? 1;
        switch ((string?)scaling["rope_type"] ?? (string?)scaling["type"])
        {
            case "linear":
                Multiply(_ => 1 / factor);
                break;
            case "dynamic":
                if (sequenceTokens > maximum)
                {
                    double grown = theta * Math.Pow(
                        (factor * sequenceTokens / maximum) - (factor - 1), rotaryDim / (rotaryDim - 2.0));
                    Multiply(i => Math.Pow(grown / theta, -2.0 * i / rotaryDim));
                }

                break;
            case "llama3":
                Multiply(i => Llama3(_frequency[i], scaling, factor));
                break;
            case "yarn":
                int original = (int?)scaling["original_max_position_embeddings"] ?? maximum;
                double Turns(double rotations) => rotaryDim * Math.Log(original / (rotations * 2 * Math.PI)) / (2 * Math.Log(theta));
                double low = Math.Max(0, Math.Floor(Turns((double?)scaling["beta_fast"] ?? 32)));
                double high = Math.Min(rotaryDim - 1, Math.Ceiling(Turns((double?)scaling["beta_slow"] ?? 1)));
                high = high > low ? high : low + 0.001;
                Multiply(i =>
                {
                    double interpolated = Math.Clamp((i - low) / (high - low), 0, 1);
                    return (interpolated / factor) + (1 - interpolated);
                });
                _amplitude = (double?)scaling["attention_factor"] ?? ((0.1 * Math.Log(factor)) + 1);
                break;
            case "longrope":
                int trained = (int)config["original_max_position_embeddings"]!;
                JsonArray divisors = (JsonArray)scaling[sequenceTokens > trained ? "long_factor" : "short_factor"]!;
                Multiply(i => 1 / (double)divisors[i]!);
                double extension = (double)maximum / trained;
                _amplitude = extension <= 1 ? 1 : Math.Sqrt(1 + (Math.Log(extension) / Math.Log(trained)));
                break;
            case string other:
                throw new ArgumentException($"reference does not know rope scaling '{other}'", nameof(config));
        }
    }

    /// <summary>Rotates the leading channels of one head: channel i with channel i + half.</summary>
    public void Rotate(Span<double> head, int position)
    {
        int half = _frequency.Length;
        for (int i = 0; i < half; i++)
        {
            double cosine = Math.Cos(position * _frequency[i]) * _amplitude;
            double sine = Math.Sin(position * _frequency[i]) * _amplitude;
            (double first, double second) = (head[i], head[i + half]);
            head[i] = (first * cosine) - (second * sine);
            head[i + half] = (second * cosine) + (first * sine);
        }
    }

    private static double Llama3(double frequency, JsonObject scaling, double factor)
    {
        double original = (double)scaling["original_max_position_embeddings"]!;
        double lowFactor = (double)scaling["low_freq_factor"]!;
        double highFactor = (double)scaling["high_freq_factor"]!;
        double wavelength = 2 * Math.PI / frequency;
        if (wavelength < original / highFactor)
        {
            return 1;
        }

        if (wavelength > original / lowFactor)
        {
            return 1 / factor;
        }

        double smooth = ((original / wavelength) - lowFactor) / (highFactor - lowFactor);
        return ((1 - smooth) / factor) + smooth;
    }

    private void Multiply(Func<int, double> change)
    {
        for (int i = 0; i < _frequency.Length; i++)
        {
            _frequency[i] *= change(i);
        }
    }
}
