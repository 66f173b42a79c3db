using System.Diagnostics;
using System.Globalization;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Weights;
using Inferometer.Inference.Constraints;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles;
using Inferometer.ModelFiles.Synthesis;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.Benchmarks.Generation;

/// <summary>
/// What constraints cost: the rate of decoding with and without one, in turn, on one engine. The first request under a constraint works
/// out its masks; it is given apart from those after it. Verbs <c>constrained MODEL [tokens]</c> and
/// <c>constrained-vocabulary FOLDER [tokens]</c>, which takes the vocabulary of a folder's tokenizer.json and random weights under it.
/// </summary>
internal static class ConstraintReport
{
    private const int Rounds = 5;

    private const string Schema = """
        {"type":"array","minItems":1000,"items":{"type":"object","required":["name","age","tags","address"],"properties":{
          "name":{"type":"string"},"age":{"type":"integer","minimum":0,"maximum":120},"score":{"type":"number"},
          "tags":{"type":"array","items":{"enum":["red","green","blue"]}},
          "address":{"type":"object","required":["street"],"properties":{"street":{"type":"string","maxLength":60},"zip":{"type":"string","pattern":"^[0-9]{5}$"}}}}}}
        """;

    /// <summary>The constraints that are timed.</summary>
    public static readonly (string Name, Func<OutputConstraint> Make)[] Constraints =
    [
        // Within a list, because a text of random tokens may be complete with its first one.
        ("JSON", static () => OutputConstraint.FromJsonSchema("""{"type":"array","minItems":1000}""")),
        ("JSON schema", static () => OutputConstraint.FromJsonSchema(Schema)),
        ("grammar", static () => OutputConstraint.FromGrammar("root ::= (line \"\\n\")+\nline ::= \"- \" [^\\n]{1,40}")),
    ];

    // A narrow network, of whose steps the masks would be the largest share, and the proportions of Qwen2.5-0.5B.
    private static readonly (string Name, SyntheticShape Shape)[] Shapes =
    [
        ("width 256, 4 layers", new()
        {
            HiddenSize = 256, Layers = 4, Heads = 4, KvHeads = 2, FeedForwardSize = 768, VocabularySize = 0, ContextTokens = 2048,
        }),
        ("width 896, 24 layers", new()
        {
            HiddenSize = 896, Layers = 24, Heads = 14, KvHeads = 2, FeedForwardSize = 4864, VocabularySize = 0, ContextTokens = 2048,
        }),
    ];

    public static void Run(string model, int tokens)
    {
        using InferenceEngine engine = InferenceEngine.Load(model);
        Run(engine, Path.GetFileName(model), tokens);
    }

    public static void RunVocabulary(string folder, int tokens)
    {
        Tokenizer tokenizer = HuggingFaceTokenizer.Load(folder);
        int rows = (tokenizer.VocabularySize + 127) / 128 * 128;
        foreach ((string name, SyntheticShape shape) in Shapes)
        {
            string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".gguf");
            try
            {
                SyntheticModel.Write(path, shape with { VocabularySize = rows }, GgmlType.Q8_0, seed: 1);
                using InferenceEngine engine = Start(path, tokenizer);
                Run(engine, name, tokens);
            }
            finally
            {
                File.Delete(path);
            }
        }
    }

    private static InferenceEngine Start(string path, Tokenizer tokenizer)
    {
        InferenceOptions options = InferenceOptions.Small;
        using var checkpoint = Checkpoint.Open(path);
        MemoryPlan plan = InferenceEngine.PlanMemory(checkpoint, options);
        var model = TransformerModel.Load(path, new LoadOptions());
        CpuModelRunner runner = new(model, model.CreateCache(plan.BlockCount, options.KvElement));
        return new InferenceEngine(runner, tokenizer, options, plan);
    }

    private static void Run(InferenceEngine engine, string model, int tokens)
    {
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{model}: {engine.Tokenizer.VocabularySize} tokens in the vocabulary, {tokens} decoded"));
        Console.WriteLine("constraint      first request  unconstrained   constrained   ratio   per round");
        Rate(engine, null, tokens, 0); // brings the weights into the caches
        foreach ((string name, Func<OutputConstraint> make) in Constraints)
        {
            long start = Stopwatch.GetTimestamp();
            OutputConstraint constraint = make();
            double first = Rate(engine, constraint, tokens, 0);
            double preparing = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            double[] free = new double[Rounds], held = new double[Rounds];
            for (int i = 0; i < Rounds; i++)
            {
                free[i] = Rate(engine, null, tokens, i + 1);
                held[i] = Rate(engine, constraint, tokens, i + 1);
            }

            string ratios = string.Join(", ", free.Zip(held, (a, b) => (b / a).ToString("0.000", CultureInfo.InvariantCulture)));
            Array.Sort(free);
            Array.Sort(held);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{name,-14}  {first,7:F1} tok/s  {free[Rounds / 2],7:F1} tok/s  {held[Rounds / 2],7:F1} tok/s  "
                    + $"{held[Rounds / 2] / free[Rounds / 2],6:F3}   {ratios} (first request {preparing:F0} ms)"));
        }
    }

    /// <summary>Tokens a second after the first one.</summary>
    private static double Rate(InferenceEngine engine, OutputConstraint? constraint, int tokens, int seed)
    {
        GenerationRequest request = new()
        {
            Prompt = "Some people, as JSON: ",
            MaxNewTokens = tokens,
            UsePrefixCache = false,
            Sampling = new SamplingOptions
            {
                Temperature = 0.8f,
                TopK = 40,
                Seed = (ulong)seed,
                IgnoreEndOfGeneration = true,
                Constraint = constraint,
            },
        };
        GenerationUsage usage = engine.GenerateAsync(request).GetAwaiter().GetResult().Usage;
        return (usage.OutputTokens - 1) / (usage.TotalSeconds - usage.TimeToFirstTokenSeconds);
    }
}
