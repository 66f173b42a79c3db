using System.Diagnostics;
using Inferometer.Cpu.Execution;
using Inferometer.Measurement.Energy;
using Inferometer.Runners;

namespace Inferometer.Measurement.Benchmarks;

/// <summary>
/// Times steps of a model as llama-bench does: random tokens, no sampling, no scheduler; prompts in steps of at most 512 tokens with logits
/// for the last
/// token only, generation one token per sequence and step with logits for each.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="kv">How keys and values are cached.</param>
/// <param name="energy">Measures energy beside time; null = nothing does.</param>
public sealed class BenchRunner(TransformerModel model, BenchCache kv, EnergyMeter? energy = null)
{
    /// <summary>Most tokens of a prompt step, llama.cpp's default for a physical batch.</summary>
    public const int StepTokens = 512;

    private const int Seed = 1;

    /// <summary>Times a test.</summary>
    /// <param name="test">What to time.</param>
    /// <param name="repetitions">Timed repetitions, at least 1.</param>
    /// <param name="warmUp">How long to repeat before that, at least once: the compiler optimises code only after it has run for a
    /// while.</param>
    /// <param name="done">Called after every timed repetition.</param>
    /// <param name="cancellationToken">Stops between steps.</param>
    public BenchSamples Run(BenchTest test, int repetitions, TimeSpan warmUp, Action done, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(test);
        ArgumentNullException.ThrowIfNull(done);
        using KvCache cache = kv.CreateCache(model, BlocksFor(test), test.Sequences, Math.Max(StepTokens, test.Sequences));
        int vocabulary = model.Architecture.VocabularySize;
        float[] logits = new float[test.Sequences * vocabulary];
        return Run(batch => model.Forward(batch, cache, logits), vocabulary, test, repetitions, warmUp, done, energy, cancellationToken);
    }

    /// <summary>Times a test on a runner; of each row of logits the best token is asked for.</summary>
    /// <param name="runner">The model, with a cache of as many blocks as <see cref="BlocksFor"/> says.</param>
    /// <param name="test">What to time.</param>
    /// <param name="repetitions">Timed repetitions, at least 1.</param>
    /// <param name="warmUp">How long to repeat before that, at least once.</param>
    /// <param name="done">Called after every timed repetition.</param>
    /// <param name="cancellationToken">Stops between steps.</param>
    public static BenchSamples Run(
        IModelRunner runner, BenchTest test, int repetitions, TimeSpan warmUp, Action done, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(runner);
        ArgumentNullException.ThrowIfNull(test);
        ArgumentNullException.ThrowIfNull(done);
        return Run(Step, runner.Architecture.VocabularySize, test, repetitions, warmUp, done, energy: null, cancellationToken);

        void Step(ForwardBatch batch)
        {
            runner.Forward(batch);
            for (int row = 0; row < batch.LogitRowCount; row++)
            {
                _ = runner.BestToken(row);
            }
        }
    }

    /// <summary>Blocks of the cache that a test needs.</summary>
    public static int BlocksFor(BenchTest test)
    {
        ArgumentNullException.ThrowIfNull(test);
        return BlocksEach(test) * test.Sequences;
    }

    private static int BlocksEach(BenchTest test) => (test.Length + KvCache.BlockSize - 1) / KvCache.BlockSize;

    private static BenchSamples Run(
        Action<ForwardBatch> step, int vocabulary, BenchTest test, int repetitions, TimeSpan warmUp, Action done,
        EnergyMeter? energy, CancellationToken cancellationToken)
    {
        int blocksEach = BlocksEach(test);
        ForwardBatch batch = new();
        int[][] blocks = [.. Enumerable.Range(0, test.Sequences).Select(s => Enumerable.Range(s * blocksEach, blocksEach).ToArray())];
        int[][] tokens = Tokens(test, vocabulary);
        Prompt(0, test.Depth);
        long first = Stopwatch.GetTimestamp();
        do
        {
            Repeat();
        }
        while (Stopwatch.GetElapsedTime(first) < warmUp);

        double[] seconds = new double[repetitions];
        Func<MeasuredEnergy?>? taken = energy?.Begin();
        for (int repetition = 0; repetition < repetitions; repetition++)
        {
            seconds[repetition] = Repeat();
            done();
        }

        return new BenchSamples(test, seconds) { Energy = taken?.Invoke() };

        // What is in the cache up to the depth stays as it is; what follows is written anew.
        double Repeat()
        {
            long start = Stopwatch.GetTimestamp();
            Prompt(test.Depth, test.PromptTokens);
            Generate(test.Depth + test.PromptTokens, test.GeneratedTokens);
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        void Prompt(int past, int count)
        {
            for (int sequence = 0; sequence < test.Sequences; sequence++)
            {
                for (int at = 0; at < count; at += StepTokens)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    int size = Math.Min(StepTokens, count - at);
                    batch.Clear();
                    batch.Add(
                        tokens[sequence].AsMemory(past + at, size), past + at, blocks[sequence], logitRows: at + size == count ? 1 : 0);
                    step(batch);
                }
            }
        }

        void Generate(int past, int count)
        {
            for (int at = past; at < past + count; at++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                batch.Clear();
                for (int sequence = 0; sequence < test.Sequences; sequence++)
                {
                    batch.Add(tokens[sequence].AsMemory(at, 1), at, blocks[sequence]);
                }

                step(batch);
            }
        }
    }

    // The same tokens for every repetition and every build: only time may differ.
    private static int[][] Tokens(BenchTest test, int vocabulary)
    {
        Random random = new(Seed);
        return [.. Enumerable.Range(0, test.Sequences).Select(_ =>
            Enumerable.Range(0, test.Length).Select(_ => random.Next(vocabulary)).ToArray())];
    }
}
