using System.Globalization;
using Inferometer.Compression.Cache;
using Inferometer.Compression.Calibration;
using Inferometer.Compression.Evaluation;
using Inferometer.Core;
using Inferometer.Cpu.Execution;

namespace Inferometer.Compression.Profiles;

/// <summary>
/// Finds the smallest size that keeps each level's bounds: first by bisection on the beginning of the hold-out text, since losses fall as
/// sizes grow; what that suggests is measured on all of it, and where it breaks a bound there, the next larger one. </summary>
internal sealed class LevelSearch(TransformerModel model, ModelBases bases, LayerSensitivities sensitivities, IReadOnlyList<int[]> windows)
{
    /// <summary>
    /// Caches of three candidates and the exact one, over all windows and with their exact pages, take no more than so many exact caches.
    /// </summary>
    public const int CacheShare = 5;

    /// <summary>Tokens of the hold-out text that the bisection runs on.</summary>
    private const int BisectionTokens = 512;

    /// <summary>Bounds on the increase of perplexity; those on divergence follow from them.</summary>
    private static readonly (string Name, double Bound)[] Bounds = [("low", 0.05), ("med", 0.01), ("high", 0.001)];

    /// <summary>Shares of memory saved that are tried.</summary>
    private static readonly double[] Savings = [0.98, 0.97, 0.96, 0.95, 0.93, 0.90, 0.87, 0.84, 0.81, 0.78, 0.75, 0.70, 0.60, 0.50];

    /// <summary>About how much of the work bisection is.</summary>
    private const double BisectionShare = 0.3;

    private static readonly int[] Bits = [2, 4, 8];

    /// <summary>
    /// Losses are measured with only the first block and the one being written exact: what is recent would hide most of what a codec loses,
    /// and a profile does not know how long a window it will be used with. </summary>
    private static readonly ExactWindow Window = new(4, 0);

    public IReadOnlyList<ProfileLevel> Find(IProgress<double>? progress, CancellationToken cancellationToken)
    {
        LatentAllocation[] candidates = Candidates();
        int[] chosen = Bisect(candidates, progress, cancellationToken);
        Dictionary<int, CacheQuality> measured = [];
        double done = BisectionShare;
        while (true)
        {
            int[] missing = [.. chosen.Distinct().Where(index => !measured.ContainsKey(index))];
            if (missing.Length == 0)
            {
                return [.. Bounds.Select((level, i) => Level(level.Name, level.Bound, candidates[chosen[i]], measured[chosen[i]]))];
            }

            // How many rounds there will be is not known; each takes half of what is left of the progress.
            IReadOnlyList<CacheQuality> quality = Measure(
                windows, candidates, missing, Part(progress, done, (1 - done) / 2), cancellationToken);
            done += (1 - done) / 2;
            for (int i = 0; i < missing.Length; i++)
            {
                measured[missing[i]] = quality[i];
            }

            Advance(chosen, measured, candidates.Length);
        }
    }

    // All levels at once: each round measures the middle of what is left for each of them beside one exact run. By divergence alone: so few
    // tokens say little about perplexity, whose expected increase the divergence is.
    private int[] Bisect(LatentAllocation[] candidates, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        int[] beginning = windows[0][..Math.Min(windows[0].Length, BisectionTokens)];
        int[] low = new int[Bounds.Length], high = [.. Bounds.Select(_ => candidates.Length - 1)];
        Dictionary<int, CacheQuality> measured = [];
        int rounds = (int)Math.Ceiling(Math.Log2(candidates.Length));
        for (int round = 0; round < rounds; round++)
        {
            int[] middles =
            [
                .. low.Zip(high).Where(range => range.First < range.Second).Select(range => (range.First + range.Second) / 2).Distinct(),
            ];
            if (middles.Length == 0)
            {
                break;
            }

            IReadOnlyList<CacheQuality> quality = Measure(
                [beginning], candidates, middles, Part(progress, BisectionShare * round / rounds, BisectionShare / rounds),
                cancellationToken);
            for (int i = 0; i < middles.Length; i++)
            {
                measured[middles[i]] = quality[i];
            }

            for (int level = 0; level < Bounds.Length; level++)
            {
                while (low[level] < high[level] && measured.TryGetValue((low[level] + high[level]) / 2, out CacheQuality? found))
                {
                    int middle = (low[level] + high[level]) / 2;
                    (low[level], high[level]) = found.KlDivergence <= ProfileLevel.KlBoundOf(Bounds[level].Bound)
                        ? (low[level], middle)
                        : (middle + 1, high[level]);
                }
            }
        }

        return high;
    }

    private static bool Keeps(double bound, CacheQuality quality) =>
        quality.PerplexityIncrease <= bound && quality.KlDivergence <= ProfileLevel.KlBoundOf(bound);

    private static void Advance(int[] chosen, Dictionary<int, CacheQuality> measured, int count)
    {
        for (int i = 0; i < chosen.Length; i++)
        {
            while (measured.TryGetValue(chosen[i], out CacheQuality? quality) && !Keeps(Bounds[i].Bound, quality))
            {
                chosen[i] = chosen[i] + 1 < count ? chosen[i] + 1 : throw OutOfReach(Bounds[i].Name, Bounds[i].Bound, quality);
            }
        }
    }

    private static InferometerException OutOfReach(string name, double bound, CacheQuality quality) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"compression level '{name}': even latents in f16 raise the perplexity by {100 * quality.PerplexityIncrease:0.000} % "
        + $"(at most {100 * bound:0.0} %) and diverge by {quality.KlDivergence:0.000000} nats "
        + $"(at most {ProfileLevel.KlBoundOf(bound):0.000000}); the hold-out text is too short or the weights are damaged."));

    private static ProfileLevel Level(string name, double bound, LatentAllocation allocation, CacheQuality found) =>
        new(
            name, bound, allocation,
            new ProfileLoss(found.PerplexityIncrease, found.KlDivergence, found.TopOneAgreement, found.Saved, found.TokensScored));

    private static PartialProgress? Part(IProgress<double>? progress, double start, double share) =>
        progress is null ? null : new PartialProgress(progress, start, share);

    // The strongest first; then all latents in int8, which save nearly half for hardly any loss; the last are all latents in f16, which
    // lose what f16 loses.
    private LatentAllocation[] Candidates()
    {
        double exactBytes = (double)PagedKvCache.BytesPerBlock(model.Architecture) / KvCache.BlockSize;
        double least = LatentAllocation.ByThreshold(bases, sensitivities, double.MaxValue, Bits).BytesPerToken;
        return
        [
            .. Savings.Where(saved => exactBytes * (1 - saved) >= least).Select(
                saved => LatentAllocation.ForSize(bases, sensitivities, exactBytes * (1 - saved), Bits)),
            LatentAllocation.Fixed(bases, int.MaxValue, int.MaxValue, 8),
            LatentAllocation.Fixed(bases, int.MaxValue, int.MaxValue, 16),
        ];
    }

    private IReadOnlyList<CacheQuality> Measure(
        IReadOnlyList<int[]> text, LatentAllocation[] candidates, IEnumerable<int> indexes, IProgress<double>? progress,
        CancellationToken cancellationToken) =>
        CompressionEvaluation.Measure(
            model, text, [.. indexes.Select(i => KvCompression.LowRank($"candidate {i}", model, bases, candidates[i], Window))], progress,
            cancellationToken);

    private sealed class PartialProgress(IProgress<double> progress, double start, double share) : IProgress<double>
    {
        public void Report(double value) => progress.Report(start + value * share);
    }
}
