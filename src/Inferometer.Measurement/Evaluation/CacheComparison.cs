using Inferometer.Compression.Cache;
using Inferometer.Compression.Evaluation;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Attention;

namespace Inferometer.Measurement.Evaluation;

/// <summary>Caches of one model beside its exact cache: what they do to its predictions, what they hold, and how fast it decodes.</summary>
/// <param name="Contexts">Context lengths, tokens, at which decoding was timed.</param>
/// <param name="ExactDecodeTokensPerSecond">Speed with the exact f16 cache, one for each context.</param>
/// <param name="Caches">The compressed caches, in the order in which they were given; at least one.</param>
/// <param name="PeakResidentBytes">Largest memory of this process so far: the model and all caches side by side.</param>
public sealed record CacheComparison(
    IReadOnlyList<int> Contexts, IReadOnlyList<double> ExactDecodeTokensPerSecond, IReadOnlyList<ComparedCache> Caches,
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
    /// <param name="timed">Called after each timing, of which there is one for each context and cache, the exact one included.</param>
    /// <param name="answers">Prompts that are answered with each cache, and what is to be answered; null = none.</param>
    /// <param name="cancellationToken">Stops between steps.</param>
    public static CacheComparison Measure(
        TransformerModel model, IReadOnlyList<KvCompression> caches, IReadOnlyList<int[]> windows, IReadOnlyList<int> contexts,
        Action? timed = null, GeneratedAnswers? answers = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(caches);
        ArgumentNullException.ThrowIfNull(contexts);
        IReadOnlyList<CacheQuality> quality = CompressionEvaluation.Measure(model, windows, caches, null, cancellationToken);
        double[] exact = Speeds(blocks => model.CreateCache(blocks, KvElement.F16));
        ComparedCache[] compared =
        [
            .. caches.Zip(
                quality, (cache, q) => new ComparedCache(cache, q, Speeds(Compressed(cache)))
                {
                    Text = answers?.Score(model, Compressed(cache), cancellationToken),
                }),
        ];
        using var self = System.Diagnostics.Process.GetCurrentProcess();
        return new CacheComparison(contexts, exact, compared, self.PeakWorkingSet64)
        {
            ExactText = answers?.Score(model, blocks => model.CreateCache(blocks, KvElement.F16), cancellationToken),
        };

        Func<int, KvCache> Compressed(KvCompression cache) => blocks => cache.CreateCache(blocks, 1, StepTokens);

        double[] Speeds(Func<int, KvCache> create) => [.. contexts.Select(context =>
        {
            using KvCache cache = create(((context + (2 * DecodeTokens)) / KvCache.BlockSize) + 1);
            double speed = DecodeSpeed.Measure(model, cache, context, DecodeTokens, cancellationToken);
            timed?.Invoke();
            return speed;
        })];
    }
}
