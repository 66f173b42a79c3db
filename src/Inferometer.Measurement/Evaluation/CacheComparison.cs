using Inferometer.Compression.Cache;
using Inferometer.Compression.Evaluation;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Attention;

namespace Inferometer.Measurement.Evaluation;

/// <summary>Caches of one model beside its exact cache: what they do to its predictions, what they hold, and how fast it decodes.</summary>
/// <param name="Contexts">Context lengths, tokens, at which decoding was timed.</param>
/// <param name="ExactDecodeRounds">With the exact f16 cache, for each context the speeds of all rounds, tokens per second.</param>
/// <param name="Caches">The compressed caches, in the order in which they were given; at least one.</param>
/// <param name="PeakResidentBytes">Largest memory of this process so far: the model and all caches side by side.</param>
public sealed record CacheComparison(
    IReadOnlyList<int> Contexts, IReadOnlyList<IReadOnlyList<double>> ExactDecodeRounds, IReadOnlyList<ComparedCache> Caches,
    long PeakResidentBytes)
{
    /// <summary>Answers with the exact cache beside their references; null = there were none.</summary>
    public TextScore? ExactText { get; init; }

    /// <summary>Tokens that are decoded for one timing; no context that is timed is shorter.</summary>
    public const int DecodeTokens = 32;

    private const int StepTokens = 128;

    /// <summary>Runs the model over the text with each cache, then times decoding.</summary>
    /// <param name="model">The model; nothing else may run on it meanwhile.</param>
    /// <param name="caches">The compressed caches, at least one.</param>
    /// <param name="windows">Stretches of text, tokens each, as they are scored.</param>
    /// <param name="contexts">Context lengths, tokens, <see cref="DecodeTokens"/> to what the model takes less those.</param>
    /// <param name="rounds">
    /// Times that each speed is taken, at least 1: all caches by turns, in every other round backwards, so that what drifts on the machine
    /// touches all alike.
    /// </param>
    /// <param name="timed">Called after each timing, of which there is one for each round, context and cache, the exact one
    /// included.</param>
    /// <param name="answers">Prompts that are answered with each cache, and what is to be answered; null = none.</param>
    /// <param name="cancellationToken">Stops between steps.</param>
    public static CacheComparison Measure(
        TransformerModel model, IReadOnlyList<KvCompression> caches, IReadOnlyList<int[]> windows, IReadOnlyList<int> contexts,
        int rounds, Action? timed = null, GeneratedAnswers? answers = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(caches);
        ArgumentNullException.ThrowIfNull(contexts);
        IReadOnlyList<CacheQuality> quality = CompressionEvaluation.Measure(model, windows, caches, null, cancellationToken);
        Func<int, KvCache>[] all =
        [
            blocks => model.CreateCache(blocks, KvElement.F16),
            .. caches.Select(cache => (Func<int, KvCache>)(blocks => cache.CreateCache(blocks, 1, StepTokens))),
        ];
        double[][][] speeds = [.. all.Select(_ => contexts.Select(_ => new double[rounds]).ToArray())]; // [cache][context][round]
        for (int round = 0; round < rounds; round++)
        {
            for (int turn = 0; turn < all.Length; turn++)
            {
                int cache = round % 2 == 0 ? turn : all.Length - 1 - turn;
                for (int context = 0; context < contexts.Count; context++)
                {
                    speeds[cache][context][round] = Speed(all[cache], contexts[context]);
                }
            }
        }

        ComparedCache[] compared = [.. caches.Zip(quality, (cache, q) => (cache, q)).Select(
            (c, i) => new ComparedCache(c.cache, c.q, speeds[i + 1]) { Text = answers?.Score(model, all[i + 1], cancellationToken) })];
        using var self = System.Diagnostics.Process.GetCurrentProcess();
        return new CacheComparison(contexts, speeds[0], compared, self.PeakWorkingSet64)
        {
            ExactText = answers?.Score(model, all[0], cancellationToken),
        };

        double Speed(Func<int, KvCache> create, int context)
        {
            using KvCache cache = create(((context + (2 * DecodeTokens)) / KvCache.BlockSize) + 1);
            double speed = DecodeSpeed.Measure(model, cache, context, DecodeTokens, cancellationToken);
            timed?.Invoke();
            return speed;
        }
    }
}
