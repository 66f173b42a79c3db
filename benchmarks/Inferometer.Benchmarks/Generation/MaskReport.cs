using System.Diagnostics;
using System.Globalization;
using Inferometer.Inference.Constraints;
using Inferometer.Inference.Constraints.Decoding;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.Benchmarks.Generation;

/// <summary>
/// What a step under a constraint costs with a vocabulary alone, no model: finding the mask of a place, setting the logits of forbidden
/// tokens, going on to the next place. The tokens are chosen at random among those allowed, which visits more places than a model does.
/// Verb <c>masks FOLDER [tokens]</c>, FOLDER with a tokenizer.json.
/// </summary>
internal static class MaskReport
{
    private const int Rounds = 3;

    public static void Run(string folder, int tokens)
    {
        long start = Stopwatch.GetTimestamp();
        Tokenizer tokenizer = HuggingFaceTokenizer.Load(folder);
        double loading = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        start = Stopwatch.GetTimestamp();
        TokenTrie trie = new(tokenizer);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{tokenizer.VocabularySize} tokens, loaded in {loading:F0} ms, as a tree of {trie.Nodes.Length} nodes in "
                + $"{Stopwatch.GetElapsedTime(start).TotalMilliseconds:F0} ms; {tokens} tokens a text"));
        Console.WriteLine("constraint      ready in  text   mean us    p50 us    p99 us    max us");
        foreach ((string name, Func<OutputConstraint> make) in ConstraintReport.Constraints)
        {
            start = Stopwatch.GetTimestamp();
            ConstraintMachine machine = new(GrammarCompiler.Compile(make().Grammar, trie));
            double ready = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            for (int round = 0; round < Rounds; round++)
            {
                double[] times = Text(machine, tokenizer.VocabularySize, tokens, round);
                Array.Sort(times);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name,-14}  {ready,5:F0} ms  {round + 1,4}  {times.Average(),8:F1}  {times[times.Length / 2],8:F1}  "
                        + $"{times[(int)(times.Length * 0.99)],8:F1}  {times[^1],8:F1}"));
            }
        }
    }

    /// <summary>Microseconds of each step of a text.</summary>
    private static double[] Text(ConstraintMachine machine, int vocabulary, int tokens, int seed)
    {
        Random random = new(seed);
        float[] logits = new float[vocabulary];
        List<double> times = [];
        Configuration place = machine.Start;
        for (int step = 0; step < tokens && !place.IsFinished; step++)
        {
            foreach (ref float logit in logits.AsSpan())
            {
                logit = random.NextSingle();
            }

            long start = Stopwatch.GetTimestamp();
            machine.Apply(place, logits, int.MaxValue, mayEnd: false);
            double masked = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
            int token = Array.IndexOf(logits, logits.Max());
            start = Stopwatch.GetTimestamp();
            place = machine.Advance(place, token);
            times.Add(masked + Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }

        return [.. times];
    }
}
