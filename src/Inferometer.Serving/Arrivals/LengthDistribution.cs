using System.Globalization;
using Inferometer.Core;

namespace Inferometer.Serving.Arrivals;

/// <summary>How long prompts or answers are, tokens. Immutable.</summary>
public abstract class LengthDistribution
{
    /// <summary>What <see cref="Parse"/> reads, as a placeholder.</summary>
    public const string Help = "N|uniform:MIN,MAX|normal:MEAN,SD|lognormal:MEAN,SD|zipf:S,MIN,MAX|file:FILE";

    /// <summary>Most tokens a length may have.</summary>
    public const int MostTokens = 1_000_000_000;

    private const int MostRanks = 4_000_000;

    private protected LengthDistribution(int smallest, int largest)
    {
        Smallest = smallest;
        Largest = largest;
    }

    /// <summary>Smallest length there can be, at least 1.</summary>
    public int Smallest { get; }

    /// <summary>Largest length there can be.</summary>
    public int Largest { get; }

    /// <summary>Mean of the lengths that are drawn, rounded and held within the ends as they are.</summary>
    public abstract double Mean { get; }

    /// <summary>One length.</summary>
    /// <param name="tokens">At least 1.</param>
    public static LengthDistribution Fixed(int tokens) => tokens is >= 1 and <= MostTokens
        ? new FixedLength(tokens)
        : throw new InferometerException(
            string.Create(CultureInfo.InvariantCulture, $"length: {tokens} tokens; allowed is 1 to {MostTokens}."));

    /// <summary>Lengths spread evenly from (1 - <paramref name="spread"/>) of the longest to the longest.</summary>
    /// <param name="mean">Their mean, before they are rounded, at least 1.</param>
    /// <param name="spread">At least 0, below 1; 0 = all are equal.</param>
    public static LengthDistribution Around(double mean, double spread)
    {
        double longest = mean / (1 - (spread / 2));
        return new UniformLengths(
            Math.Max(1, (int)Math.Round(longest * (1 - spread))), Math.Max(1, (int)Math.Round(longest)));
    }

    /// <summary>Lengths that were seen, each as likely as it was frequent.</summary>
    /// <exception cref="InferometerException">There is none, or one is below 1.</exception>
    public static LengthDistribution Empirical(IEnumerable<int> lengths)
    {
        int[] seen = [.. lengths];
        return seen.Length > 0 && seen.All(n => n is >= 1 and <= MostTokens)
            ? new Seen(seen)
            : throw new InferometerException($"lengths: needed is at least one, and each from 1 to {MostTokens}.");
    }

    /// <summary>
    /// Reads <c>512</c>, <c>uniform:100,900</c> (both ends included), <c>normal:512,128</c> and <c>lognormal:512,300</c> (mean and standard
    /// deviation before lengths are rounded and held between 1 and <see cref="MostTokens"/>), <c>zipf:1.2,16,4096</c> (P(n) in proportion
    /// to (n - 15)^-1.2 from 16 to 4096) or <c>file:lengths.txt</c> (one whole number a line).
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="origin">Where it came from, for the error.</param>
    /// <exception cref="InferometerException">The text is malformed, a figure is out of range, or the file cannot be read.</exception>
    public static LengthDistribution Parse(string text, string origin = "length")
    {
        ArgumentNullException.ThrowIfNull(text);
        const string FilePrefix = "file:";
        if (text.StartsWith(FilePrefix, StringComparison.Ordinal))
        {
            return ReadFile(text[FilePrefix.Length..], origin);
        }

        if (text.Length > 0 && text.All(char.IsAsciiDigit))
        {
            return Fixed((int)Tokens(Figures.TryNumber(text, out double tokens) ? tokens : double.NaN));
        }

        (string kind, double[] figures) = Figures.Read(text, origin);
        return (kind, figures) switch
        {
            ("uniform", [double least, double most]) when least <= most => new UniformLengths((int)Tokens(least), (int)Tokens(most)),
            ("normal", [double mean, double deviation]) when deviation >= 0 => new NormalLengths(Tokens(mean), Deviation(deviation)),
            ("lognormal", [double mean, double deviation]) when deviation >= 0 =>
                new LogNormalLengths(Tokens(mean), Deviation(deviation)),
            ("zipf", [double exponent, double least, double most])
                when exponent is > 0 and <= 20 && least <= most && most - least < MostRanks =>
                    new ZipfLengths(exponent, (int)Tokens(least), (int)Tokens(most)),
            _ => throw new InferometerException($"{origin}: '{Figures.Quoted(text)}' is not allowed; it must be {Help}."),
        };

        double Tokens(double value) => value is >= 1 and <= MostTokens ? value : throw new InferometerException(string.Create(
            CultureInfo.InvariantCulture, $"{origin}: '{Figures.Quoted(text)}' is not allowed; it must be 1 to {MostTokens} tokens."));

        double Deviation(double value) => value <= MostTokens ? value : throw new InferometerException(string.Create(
            CultureInfo.InvariantCulture,
            $"{origin}: '{Figures.Quoted(text)}' is not allowed; its standard deviation must be 0 to {MostTokens} tokens."));
    }

    /// <summary>Draws a length.</summary>
    internal abstract int Draw(SeededRandom random);

    private static LengthDistribution ReadFile(string path, string origin)
    {
        List<int> lengths = [];
        try
        {
            int number = 0;
            foreach (string line in File.ReadLines(path))
            {
                number++;
                if (string.IsNullOrWhiteSpace(line))
                {
                    continue;
                }

                lengths.Add(int.TryParse(line.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int tokens)
                    && tokens is >= 1 and <= MostTokens
                    ? tokens
                    : throw new InferometerException(string.Create(
                        CultureInfo.InvariantCulture,
                        $"{origin}: {path}, line {number}: '{Figures.Quoted(line)}' is not allowed; it must be a whole number from 1 to "
                            + $"{MostTokens}.")));
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new InferometerException($"{origin}: {path}: {error.Message}", error);
        }

        return lengths.Count > 0 ? Empirical(lengths) : throw new InferometerException($"{origin}: {path} holds no length.");
    }

    private static int Rounded(double value) => (int)Math.Clamp(Math.Floor(value + 0.5), 1, MostTokens);

    private sealed class FixedLength(int tokens) : LengthDistribution(tokens, tokens)
    {
        public override double Mean => Smallest;

        internal override int Draw(SeededRandom random) => Smallest;
    }

    private sealed class UniformLengths(int least, int most) : LengthDistribution(least, most)
    {
        public override double Mean => (Smallest + (double)Largest) / 2;

        internal override int Draw(SeededRandom random) => Smallest + random.Below(Largest - Smallest + 1);
    }

    private sealed class NormalLengths : LengthDistribution
    {
        private readonly double _mean;
        private readonly double _deviation;

        public NormalLengths(double mean, double deviation)
            : base(1, MostTokens)
        {
            (_mean, _deviation) = (mean, deviation);
            Mean = deviation > 0 ? RoundedMean.Of(AtLeast, Excess, mean, deviation, MostTokens) : Rounded(mean);
        }

        public override double Mean { get; }

        internal override int Draw(SeededRandom random) => Rounded(_mean + (_deviation * random.Normal()));

        private double AtLeast(double tokens) => PortableMath.NormalTail((tokens - _mean) / _deviation);

        private double Excess(double tokens)
        {
            double z = (tokens - _mean) / _deviation;
            return _deviation * (PortableMath.NormalDensity(z) - (z * PortableMath.NormalTail(z)));
        }
    }

    private sealed class LogNormalLengths : LengthDistribution
    {
        private readonly double _unrounded;
        private readonly double _location;
        private readonly double _scale;

        // Of exp(location + scale z): mean exp(location + scale^2 / 2), variance mean^2 (exp(scale^2) - 1).
        public LogNormalLengths(double mean, double deviation)
            : base(1, MostTokens)
        {
            double variance = PortableMath.Log(1 + (deviation / mean * (deviation / mean)));
            _unrounded = mean;
            _scale = Math.Sqrt(variance);
            _location = PortableMath.Log(mean) - (variance / 2);
            Mean = _scale > 0 ? RoundedMean.Of(AtLeast, Excess, mean, deviation, MostTokens) : Rounded(PortableMath.Exp(_location));
        }

        public override double Mean { get; }

        internal override int Draw(SeededRandom random) => Rounded(PortableMath.Exp(_location + (_scale * random.Normal())));

        private double AtLeast(double tokens) => PortableMath.NormalTail(Z(tokens));

        private double Excess(double tokens) =>
            (_unrounded * PortableMath.NormalTail(Z(tokens) - _scale)) - (tokens * PortableMath.NormalTail(Z(tokens)));

        private double Z(double tokens) => (PortableMath.Log(tokens) - _location) / _scale;
    }

    private sealed class ZipfLengths : LengthDistribution
    {
        private readonly double[] _upTo;

        public ZipfLengths(double exponent, int least, int most)
            : base(least, most)
        {
            _upTo = new double[most - least + 1];
            double sum = 0;
            double weighted = 0;
            for (int i = 0; i < _upTo.Length; i++)
            {
                double weight = PortableMath.Exp(-exponent * PortableMath.Log(i + 1.0));
                sum += weight;
                weighted += weight * (least + i);
                _upTo[i] = sum;
            }

            Mean = weighted / sum;
        }

        public override double Mean { get; }

        internal override int Draw(SeededRandom random)
        {
            int index = Array.BinarySearch(_upTo, random.Uniform() * _upTo[^1]);
            return Smallest + Math.Min(index < 0 ? ~index : index + 1, _upTo.Length - 1);
        }
    }

    private sealed class Seen(int[] lengths) : LengthDistribution(lengths.Min(), lengths.Max())
    {
        public override double Mean { get; } = lengths.Average();

        internal override int Draw(SeededRandom random) => lengths[random.Below(lengths.Length)];
    }
}
