using Inferometer.Core.Gguf;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;
using Inferometer.Inference.Tests.Engine;
using Inferometer.ModelFiles;
using Inferometer.ModelFiles.Conversion;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.Generation;
using Inferometer.ReferenceModels;
using Inferometer.Tests;

namespace Inferometer.Inference.Tests.Sampling;

public sealed class SamplingDefaultsTests
{
    [Fact]
    public void A_folders_generation_config_is_read()
    {
        SamplingDefaults defaults = OfJson("""{"temperature": 0.7, "top_k": 20, "top_p": 0.8, "min_p": 0.1, "repetition_penalty": 1.05, "do_sample": true, "eos_token_id": [1, 2]}""");
        Assert.Equal(
            new SamplingDefaults
            {
                Source = "generation_config.json",
                Temperature = 0.7f,
                TopK = 20,
                TopP = 0.8f,
                MinP = 0.1f,
                RepetitionPenalty = 1.05f
            }, defaults);
        SamplingOptions options = new SamplingOptions { MinP = 0.5f, Seed = 3 }.With(defaults);
        Assert.Equal(
            (0.7f, 20, 0.8f, 0.1f, 1.05f, 3ul),
            (options.Temperature, options.TopK, options.TopP, options.MinP, options.RepetitionPenalty, options.Seed));
    }

    [Fact]
    public void What_is_not_said_stays_as_it_is()
    {
        Assert.Same(SamplingDefaults.None, OfJson("""{"bos_token_id": 1, "temperature": null}"""));
        SamplingOptions options = new SamplingOptions { Temperature = 0.4f, TopK = 7 }.With(OfJson("""{"top_p": 0.9}"""));
        Assert.Equal((0.4f, 7, 0.9f), (options.Temperature, options.TopK, options.TopP));
    }

    [Fact]
    public void Not_sampling_is_greedy() => Assert.True(new SamplingOptions().With(OfJson("""{"do_sample": false, "temperature": 0.9}""")).IsGreedy);

    [Theory]
    [InlineData("""{"temperature": "hot"}""", "temperature is \"hot\"; allowed is 0 (greedy) or more")]
    [InlineData("""{"temperature": -1}""", "temperature is -1")]
    [InlineData("""{"top_k": 2.5}""", "top_k is 2.5; allowed is a whole number")]
    [InlineData("""{"top_p": 0}""", "top_p is 0; allowed is above 0, up to 1")]
    [InlineData("""{"min_p": 1.1}""", "min_p is 1.1; allowed is 0 to 1")]
    [InlineData("""{"repetition_penalty": 0}""", "repetition_penalty is 0")]
    [InlineData("[]", "holds no JSON object")]
    [InlineData("{", "is not valid JSON (line 1)")]
    public void Malformed_values_are_left_out_with_a_note_of_file_key_and_value(string json, string expected)
    {
        SamplingDefaults defaults = OfJson(json);
        Assert.Equal(SamplingDefaults.None, defaults with { Notes = [] });
        string note = Assert.Single(defaults.Notes);
        Assert.Contains("generation_config.json: ", note, StringComparison.Ordinal);
        Assert.Contains(expected, note, StringComparison.Ordinal);
        Assert.Contains("left out", note, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_sound_counts_beside_what_is_not()
    {
        SamplingDefaults defaults = OfJson("""{"temperature": "hot", "top_p": 0.9}""");
        Assert.Equal((null, 0.9f), (defaults.Temperature, defaults.TopP));
        Assert.Single(defaults.Notes);
    }

    [Fact]
    public void Minus_one_most_probable_tokens_are_all_of_them()
    {
        SamplingDefaults defaults = OfJson("""{"top_k": -1, "temperature": 0.7}""");
        Assert.Equal((0, 0.7f), (defaults.TopK, defaults.Temperature));
        Assert.Contains("top_k is -1", Assert.Single(defaults.Notes), StringComparison.Ordinal);
        Assert.Null(OfJson("""{"top_k": -2}""").TopK);
    }

    [Fact]
    public void A_gguf_file_carries_them_and_a_converted_model_keeps_them()
    {
        using TemporaryFolder temporary = new();
        string path = Path.Combine(temporary.Path, "tales.gguf");
        ModelConverter.Convert(
            SharedFolder.Require("models/tales-5m"), path, GgmlType.Q8_0, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(Read(SharedFolder.Require("models/tales-5m")) with { Source = "tales.gguf" }, Read(path));
        GgufHeader header = GgufHeader.Read(path);
        Assert.Equal(
            (0.8f, 0.95f), ((float)header.GetDouble("general.sampling.temp", 0), (float)header.GetDouble("general.sampling.top_p", 0)));
        Assert.Same(SamplingDefaults.None, Read(SharedFolder.Require(EngineRunner.Stories)));
    }

    [Fact]
    public void A_gguf_value_out_of_range_is_left_out()
    {
        using MemoryStream stream = new();
        GgufWriter writer = new(stream);
        writer.Set("general.architecture", "llama");
        writer.Set("general.sampling.top_p", 1.5f);
        writer.BeginData();
        writer.Finish();
        SamplingDefaults defaults = SamplingDefaults.Of(GgufHeader.Read(stream, "m.gguf"));
        Assert.Null(defaults.TopP);
        Assert.Contains("m.gguf: general.sampling.top_p is 1.5", Assert.Single(defaults.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_engine_follows_them_unless_a_request_says_otherwise()
    {
        using TemporaryFolder temporary = new();
        CopyStories(temporary.Path, """{"do_sample": false}""");
        await using InferenceEngine plain = EngineRunner.Start(EngineRunner.Stories);
        GenerationRequest request = new() { Prompt = "Once upon a time", MaxNewTokens = 12 };
        GenerationResult greedy = await plain.RunAsync(request with { Sampling = SamplingOptions.Greedy });
        await using InferenceEngine folder =
            InferenceEngine.Load(temporary.Path, EngineRunner.Defaults, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(0, folder.SamplingDefaults.Temperature);
        Assert.Equal(greedy.TokenIds, (await folder.RunAsync(request)).TokenIds);
        int[][] sampled =
            [.. await Task
                .WhenAll(
                    Enumerable.Range(0, 8)
                        .Select(async i =>
                            (await folder.RunAsync(request with { Sampling = new SamplingOptions { Seed = (ulong)i } })).TokenIds
                                .ToArray()))];
        Assert.Contains(sampled, tokens => !tokens.SequenceEqual(greedy.TokenIds));
    }

    private static SamplingDefaults OfJson(string json)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(Path.Combine(folder.Path, "generation_config.json"), json);
        return SamplingDefaults.OfFolder(folder.Path);
    }

    private static void CopyStories(string folder, string generationConfig)
    {
        foreach (string file in Directory.EnumerateFiles(SharedFolder.Require("models/stories260k"))
            .Where(file => !file.EndsWith(".gguf", StringComparison.Ordinal)))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        File.WriteAllText(Path.Combine(folder, "generation_config.json"), generationConfig);
    }

    private static SamplingDefaults Read(string path)
    {
        using var checkpoint = Checkpoint.Open(path);
        return checkpoint.SamplingDefaults;
    }
}
