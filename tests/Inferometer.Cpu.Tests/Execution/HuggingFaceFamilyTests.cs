using System.Text.Json;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Weights;
using Inferometer.ModelFiles.Conversion;
using Inferometer.ReferenceModels;
using Inferometer.Tests;

namespace Inferometer.Cpu.Tests.Execution;

/// <summary>
/// Families against what Hugging Face's transformers computes in double precision: twelve greedy tokens, and the log-probabilities of the
/// four best at each, as stored beside the models.
/// </summary>
public sealed class HuggingFaceFamilyTests
{
    private const double Tolerance = 5e-5; // the reference gives six decimals; the engine computes in single precision

    public static TheoryData<string> Families =>
        ["smollm3", "seed_oss", "starcoder2", "stablelm", "phimoe", "qwen3_next", "qwen3_5_text"];

    public static TheoryData<string> Converted => Families;

    [Theory]
    [MemberData(nameof(Families))]
    public void A_folder_gives_the_tokens_and_probabilities_of_the_reference(string family)
    {
        string folder = SharedFolder.Require("reference/hf_tiny/" + family);
        Check(folder, Reference(folder));
    }

    [Theory]
    [MemberData(nameof(Converted))]
    public void The_converted_file_gives_the_tokens_and_probabilities_of_the_reference(string family)
    {
        string folder = SharedFolder.Require("reference/hf_tiny/" + family);
        string tokenizer = SharedFolder.Require("models/stories260k"); // any tokenizer of 512 tokens will do
        using TemporaryFolder scratch = new();
        string source = scratch.Create(family);
        string[] files =
        [
            .. Directory.EnumerateFiles(folder), Path.Combine(tokenizer, "tokenizer.json"),
            Path.Combine(tokenizer, "tokenizer_config.json"),
        ];
        foreach (string file in files)
        {
            File.Copy(file, Path.Combine(source, Path.GetFileName(file)));
        }

        string gguf = scratch.File("model.gguf");
        ModelConverter.Convert(source, gguf, GgmlType.F32, null, TestContext.Current.CancellationToken);
        Check(gguf, Reference(folder));
    }

    private static JsonElement Reference(string folder)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "reference.json")));
        return document.RootElement.Clone();
    }

    private static void Check(string path, JsonElement reference)
    {
        int[] prompt = [.. reference.GetProperty("prompt").EnumerateArray().Select(token => token.GetInt32())];
        using TransformerModel model =
            TransformerModel.Load(path, new LoadOptions { Threads = 2 }, null, TestContext.Current.CancellationToken);
        using SequenceRunner runner = new(model, prompt.Length + 16);
        float[] logits = runner.Run(prompt)[^1];
        double largest = 0;
        foreach (JsonElement step in reference.GetProperty("steps").EnumerateArray())
        {
            int[] tokens = [.. step.GetProperty("tokens").EnumerateArray().Select(token => token.GetInt32())];
            double[] expected = [.. step.GetProperty("logprobs").EnumerateArray().Select(value => value.GetDouble())];
            double top = logits.Max(), sum = logits.Sum(logit => Math.Exp(logit - top));
            Assert.Equal(tokens[0], SequenceRunner.ArgMax(logits));
            for (int i = 0; i < tokens.Length; i++)
            {
                largest = Math.Max(largest, Math.Abs(logits[tokens[i]] - top - Math.Log(sum) - expected[i]));
            }

            logits = runner.Run([tokens[0]])[0];
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"largest difference of a log-probability: {largest:E1}");
        Assert.True(largest < Tolerance, $"log-probabilities differ by {largest}");
    }
}
