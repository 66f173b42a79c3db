using System.Runtime.InteropServices;
using Inferometer.Inference.Engine;

namespace Inferometer.Server.Metrics;

/// <summary>What the engine took for some equal answers at once.</summary>
/// <param name="Sequences">Answers at once.</param>
/// <param name="PromptTokens">Tokens of each prompt.</param>
/// <param name="OutputTokens">Tokens of each answer.</param>
/// <param name="PrefillSeconds">From the first step to the first token, of the fastest.</param>
/// <param name="TokenSeconds">Mean per token after the first.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct EngineTimes(
    int Sequences, int PromptTokens, int OutputTokens, double PrefillSeconds, double TokenSeconds)
{
    private const int MaxPrompt = 128;
    private const int FewTokens = 4;
    private const int MaxTokens = 64;
    private const int ManySequences = 8;
    private const int Runs = 3;
    private const double Seconds = 0.15;

    /// <summary>Tokens in the cache in the middle of an answer.</summary>
    public int MiddleTokens => PromptTokens + ((OutputTokens + 1) / 2);

    /// <summary>
    /// Times one answer alone and, where an engine runs several at once, some together; on all engines given at the same time. A first
    /// short one finds code that is not compiled yet and memory that was not touched, a second says how long the others may be; of those
    /// the fastest count, since whatever else runs on the machine can only slow them down.
    /// </summary>
    /// <returns>Of each engine.</returns>
    public static async Task<(EngineTimes[] Alone, EngineTimes[]? Together)> MeasureAsync(
        IReadOnlyList<InferenceEngine> engines, CancellationToken cancellationToken)
    {
        InferenceEngine engine = engines[0];
        int prompt = Math.Clamp(engine.MaxSequenceTokens / 4, 1, MaxPrompt);
        int most = Math.Max(1, Math.Min(MaxTokens, engine.MaxSequenceTokens - prompt));
        _ = await RunAsync(engines, 1, prompt, Math.Min(FewTokens, most), cancellationToken).ConfigureAwait(false);
        EngineTimes[] first = await RunAsync(engines, 1, prompt, Math.Min(FewTokens, most), cancellationToken).ConfigureAwait(false);
        int tokens = Math.Clamp((int)(Seconds / Math.Max(1e-6, first[0].TokenSeconds)), Math.Min(FewTokens, most), most);
        EngineTimes[] alone = await BestAsync(engines, 1, prompt, tokens, cancellationToken).ConfigureAwait(false);
        int many = Math.Min(ManySequences, engine.Options.MaxBatchSize);
        return many == 1
            ? (alone, null)
            : (alone, await BestAsync(engines, many, prompt, tokens, cancellationToken).ConfigureAwait(false));
    }

    private static async Task<EngineTimes[]> BestAsync(
        IReadOnlyList<InferenceEngine> engines, int sequences, int promptTokens, int outputTokens, CancellationToken cancellationToken)
    {
        EngineTimes[] best = await RunAsync(engines, sequences, promptTokens, outputTokens, cancellationToken).ConfigureAwait(false);
        for (int run = 1; run < Runs; run++)
        {
            EngineTimes[] again = await RunAsync(engines, sequences, promptTokens, outputTokens, cancellationToken).ConfigureAwait(false);
            for (int i = 0; i < best.Length; i++)
            {
                best[i] = best[i] with
                {
                    PrefillSeconds = Math.Min(best[i].PrefillSeconds, again[i].PrefillSeconds),
                    TokenSeconds = Math.Min(best[i].TokenSeconds, again[i].TokenSeconds),
                };
            }
        }

        return best;
    }

    private static async Task<EngineTimes[]> RunAsync(
        IReadOnlyList<InferenceEngine> engines, int sequences, int promptTokens, int outputTokens, CancellationToken cancellationToken) =>
        await Task.WhenAll(engines.Select(engine => RunAsync(engine, sequences, promptTokens, outputTokens, cancellationToken)))
            .ConfigureAwait(false);

    private static async Task<EngineTimes> RunAsync(
        InferenceEngine engine, int sequences, int promptTokens, int outputTokens, CancellationToken cancellationToken)
    {
        int vocabulary = engine.Tokenizer.UsedSize;
        int[] prompt = [.. Enumerable.Range(0, promptTokens).Select(i => (int)(i * 7919L % vocabulary))];
        GenerationRequest request = new()
        {
            PromptTokens = prompt,
            MaxNewTokens = outputTokens,
            UsePrefixCache = false,
            Sampling = new Inference.Sampling.SamplingOptions { IgnoreEndOfGeneration = true }.With(engine.SamplingDefaults),
        };
        Task<GenerationResult>[] answers;
        using (engine.Hold())
        {
            answers = [.. Enumerable.Range(0, sequences).Select(_ => engine.GenerateAsync(request, cancellationToken))];
        }

        GenerationResult[] results = await Task.WhenAll(answers).ConfigureAwait(false);

        // From the last one's first token on all of them decode.
        double begun = results.Max(r => r.Usage.TimeToFirstTokenSeconds);
        double ended = results.Max(r => r.Usage.TotalSeconds);
        return new EngineTimes(
            sequences,
            promptTokens,
            outputTokens,
            results.Min(r => r.Usage.TimeToFirstTokenSeconds - r.Usage.QueueSeconds),
            outputTokens < 2 ? 0 : (ended - begun) / (outputTokens - 1));
    }
}
