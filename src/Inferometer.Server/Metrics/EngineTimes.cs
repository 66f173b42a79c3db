using System.Diagnostics;
using System.Runtime;
using System.Runtime.InteropServices;
using Inferometer.Inference.Engine;

namespace Inferometer.Server.Metrics;

/// <summary>What the engine took for some equal answers at once.</summary>
/// <param name="Sequences">Answers at once.</param>
/// <param name="PromptTokens">Tokens of each prompt.</param>
/// <param name="OutputTokens">Tokens of each answer.</param>
/// <param name="PrefillSeconds">From the first step to the first token, of the fastest.</param>
/// <param name="AllPrefillSeconds">From the first step until each answer has its first token.</param>
/// <param name="TokenSeconds">Mean per token after the first.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct EngineTimes(
    int Sequences, int PromptTokens, int OutputTokens, double PrefillSeconds, double AllPrefillSeconds, double TokenSeconds)
{
    private const int MaxPrompt = 128;
    private const int FewTokens = 4;
    private const int MaxTokens = 64;
    private const int ManySequences = 8;
    private const int Runs = 3;
    private const double Seconds = 0.15;

    // The runtime compiles a method for speed after it was called often, which it counts once 100 ms went by without new methods
    // (TieredCompilation's call-counting delay): until then an engine takes several times as long for a token of a small model.
    private const double SomeSeconds = 0.05;
    private const double MostSeconds = 4;
    private const double Settled = 0.9;
    private const int RunsAlike = 3;
    private const int MostRuns = 20;
    private static readonly TimeSpan CompilerDelay = TimeSpan.FromMilliseconds(120);

    /// <summary>Tokens in the cache in the middle of an answer.</summary>
    public int MiddleTokens => PromptTokens + ((OutputTokens + 1) / 2);

    /// <summary>
    /// Times one answer alone and, where an engine runs several at once, some together; on all engines given at the same time. Short ones
    /// before it find code that is not compiled yet, or not for speed, and memory that was not touched, until they become no faster; they
    /// say how long the others may be. Of those the fastest count, since whatever else runs on the machine can only slow them down.
    /// </summary>
    /// <returns>Of each engine.</returns>
    public static async Task<(EngineTimes[] Alone, EngineTimes[]? Together)> MeasureAsync(
        IReadOnlyList<InferenceEngine> engines, CancellationToken cancellationToken)
    {
        InferenceEngine engine = engines[0];
        int prompt = Math.Clamp(engine.MaxSequenceTokens / 4, 1, MaxPrompt);
        int most = Math.Max(1, Math.Min(MaxTokens, engine.MaxSequenceTokens - prompt));
        int few = Math.Min(FewTokens, most);
        EngineTimes[] first = await RunAsync(engines, 1, prompt, few, cancellationToken).ConfigureAwait(false);
        int some = Tokens(SomeSeconds, first[0].TokenSeconds);
        double token = await SettleAsync(
            async () => (await RunAsync(engines, 1, prompt, some, cancellationToken).ConfigureAwait(false))[0].TokenSeconds,
            () => JitInfo.GetCompiledMethodCount(), CompilerDelay, cancellationToken).ConfigureAwait(false);
        int tokens = Tokens(Seconds, token);
        EngineTimes[] alone = await BestAsync(engines, 1, prompt, tokens, cancellationToken).ConfigureAwait(false);
        int many = Math.Min(ManySequences, engine.Options.MaxBatchSize);
        return many == 1
            ? (alone, null)
            : (alone, await BestAsync(engines, many, prompt, tokens, cancellationToken).ConfigureAwait(false));

        int Tokens(double seconds, double perToken) => Math.Clamp((int)(seconds / Math.Max(1e-6, perToken)), few, most);
    }

    /// <summary>
    /// Runs something until it becomes no faster and nothing is compiled any more: three times in a row not by a tenth, or twenty times, or
    /// for four seconds.
    /// </summary>
    /// <param name="run">Takes so many seconds.</param>
    /// <param name="compiled">Methods compiled so far.</param>
    /// <param name="pause">Between two runs.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The shortest time, seconds.</returns>
    internal static async Task<double> SettleAsync(
        Func<Task<double>> run, Func<long> compiled, TimeSpan pause, CancellationToken cancellationToken)
    {
        double best = double.PositiveInfinity;
        long before = compiled();
        var watch = Stopwatch.StartNew();
        for (int runs = 0, alike = 0; runs < MostRuns && alike < RunsAlike && watch.Elapsed.TotalSeconds < MostSeconds; runs++)
        {
            double seconds = await run().ConfigureAwait(false);
            await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
            long now = compiled();
            alike = seconds < Settled * best || now > before ? 0 : alike + 1;
            (best, before) = (Math.Min(best, seconds), now);
        }

        return best;
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
                    AllPrefillSeconds = Math.Min(best[i].AllPrefillSeconds, again[i].AllPrefillSeconds),
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
            begun - results.Min(r => r.Usage.QueueSeconds),
            outputTokens < 2 ? 0 : (ended - begun) / (outputTokens - 1));
    }
}
