using System.Text.Json;
using System.Text.Json.Nodes;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.Cli.Settings;
using Inferometer.Core;
using Inferometer.Inference.Engine;
using Inferometer.ModelFiles;
using Inferometer.ReferenceModels;
using Inferometer.Tests;

namespace Inferometer.Cli.Tests.Commands;

/// <summary>What <c>info</c> says of running a model is what <c>run</c> does.</summary>
public sealed class RunsHereTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Families => ["llama", "mistral", "mixtral", "qwen2", "qwen3", "gemma2", "phi3"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Recorded_models()
    {
        List<bool> verdicts = [];
        foreach (string part in (string[])["models/stories260k", "cases"])
        {
            foreach (string file in Directory.EnumerateFiles(SharedFolder.Require(part), "*", SearchOption.AllDirectories)
                .Order(StringComparer.Ordinal))
            {
                if (file.EndsWith(".gguf", StringComparison.Ordinal) || Path.GetFileName(file) is "config.json")
                {
                    verdicts.Add(await Agree(file.EndsWith(".gguf", StringComparison.Ordinal) ? file : Path.GetDirectoryName(file)!));
                }
            }
        }

        Assert.Contains(true, verdicts);
    }

    public static TheoryData<string> Published => [.. FamilySpecs.All.Keys, .. GemmaSpec.All.Keys];

    /// <summary>Models of transformers' own classes, and families built after their published code.</summary>
    [Fact]
    public async Task Models_of_transformers()
    {
        foreach (string folder in Directory.EnumerateDirectories(SharedFolder.Require("reference/hf_tiny")))
        {
            Assert.True(await Agree(WithTokenizer(folder)), folder);
        }
    }

    [Theory]
    [MemberData(nameof(Published))]
    public async Task Families_after_their_published_code(string family)
    {
        string folder = GemmaSpec.All.TryGetValue(family, out GemmaSpec? gemma)
            ? new GemmaModel(gemma).WriteFolder(_folder)
            : new FamilyModel(FamilySpecs.All[family]).WriteFolder(_folder);
        Assert.False(await Agree(folder)); // no tokenizer
        WriteTokenizer(folder);
        Assert.True(await Agree(folder));
    }

    [Fact]
    public async Task A_part_there_is_no_code_for()
    {
        FamilyModel model = new(FamilySpecs.All["deepseek_v3"]);
        model.Config["index_topk"] = 4;
        model.Config["index_n_heads"] = 2;
        model.Config["index_head_dim"] = 16;
        string folder = model.WriteFolder(_folder);
        WriteTokenizer(folder);
        Assert.False(await Agree(folder));
        Assert.Contains("sparse attention that an indexer chooses", Refusal(folder), StringComparison.Ordinal);
    }

    /// <summary>
    /// Every family of the catalog, as a folder that has its configuration and no weights: what is missing is a tensor where the table
    /// of docs/models.md names the family, and else the family itself or a part of it.
    /// </summary>
    [Fact]
    public async Task Families_of_the_catalog()
    {
        HashSet<string> documented = [.. DocumentedTypes()];
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (string file in Directory.EnumerateFiles(Path.Combine(SharedFolder.RepositoryRoot, "catalog", "models"), "*.json")
            .Order(StringComparer.Ordinal))
        {
            string text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
            JsonObject config = JsonNode.Parse(text)!["config"]!.AsObject();
            // What is run is the text part of a model that has others.
            string outer = (string)config["model_type"]!, type = (string?)config["text_config"]?["model_type"] ?? outer;
            if (!seen.Add($"{outer} {type}"))
            {
                continue;
            }

            string folder = _folder.Create("catalog" + seen.Count);
            await File.WriteAllTextAsync(Path.Combine(folder, "config.json"), config.ToJsonString(), TestContext.Current.CancellationToken);
            SafetensorsFile.Write(
                Path.Combine(folder, "model.safetensors"), [new("none", ReferenceTensor.Random(new Random(1), 1, 0, 3, 32))]);
            WriteTokenizer(folder);
            Assert.False(await Agree(folder), file);
            string refusal = Refusal(folder)!;
            Assert.True(
                documented.Contains(type) == refusal.Contains("tensor", StringComparison.Ordinal),
                $"{type}: {refusal}");
        }

        Assert.True(seen.Count > 40);
    }

    // The names in the second column of the first table.
    private static IEnumerable<string> DocumentedTypes() =>
        File.ReadLines(Path.Combine(SharedFolder.RepositoryRoot, "docs", "models.md"))
            .SkipWhile(line => !line.StartsWith("| family", StringComparison.Ordinal))
            .TakeWhile(line => line.StartsWith('|'))
            .SelectMany(line => line.Split('|')[2].Split(',', StringSplitOptions.TrimEntries));

    [Fact]
    public async Task The_bundled_model() => Assert.True(await Agree(ModelLocation.BundledPath));

    [Theory]
    [MemberData(nameof(Families))]
    public async Task Weights_without_a_tokenizer(string family) =>
        Assert.False(await Agree(TinyModel.Create(family).WriteFolder(_folder)));

    [Theory]
    [MemberData(nameof(Families))]
    public async Task Weights_with_a_tokenizer(string family) =>
        Assert.True(await Agree(WithTokenizer(TinyModel.Create(family, Vocabulary))));

    [Theory]
    [InlineData("model.norm.weight")]
    [InlineData("model.layers.0.self_attn.q_proj.weight")]
    [InlineData("model.layers.1.mlp.down_proj.weight")]
    [InlineData("model.embed_tokens.weight")]
    public async Task A_tensor_that_is_missing_or_has_another_shape(string tensor)
    {
        TinyModel model = TinyModel.Create("llama", Vocabulary);
        model.Weights.Remove(tensor);
        Assert.False(await Agree(WithTokenizer(model)));
        model.Weights[tensor] = ReferenceTensor.Random(new Random(1), 1, 0, 3, 32);
        Assert.False(await Agree(WithTokenizer(model)));
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("bloom")]
    [InlineData("rwkv")]
    public async Task A_network_there_is_no_code_for(string type)
    {
        string folder = WithTokenizer(TinyModel.Create("llama", Vocabulary));
        string file = Path.Combine(folder, "config.json");
        JsonObject config = JsonNode.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken))!.AsObject();
        config["model_type"] = type;
        await File.WriteAllTextAsync(file, config.ToJsonString(), TestContext.Current.CancellationToken);
        Assert.False(await Agree(folder));
    }

    [Fact]
    public async Task A_tokenizer_that_cannot_be_read()
    {
        string folder = WithTokenizer(TinyModel.Create("llama", Vocabulary));
        await File.WriteAllTextAsync(Path.Combine(folder, "tokenizer.json"), """{"model": {"type": "Unheard"}}""", TestContext.Current.CancellationToken);
        Assert.False(await Agree(folder));
    }

    [Fact]
    public async Task A_recommendation_that_cannot_be_read_is_left_out()
    {
        string folder = WithTokenizer(TinyModel.Create("llama", Vocabulary));
        await File.WriteAllTextAsync(Path.Combine(folder, "generation_config.json"), """{"temperature": "hot"}""", TestContext.Current.CancellationToken);
        Assert.True(await Agree(folder));
    }

    // The vocabulary of the recorded tokenizer.
    private static JsonObject Vocabulary => new() { ["vocab_size"] = 512 };

    private string WithTokenizer(TinyModel model) => WithTokenizer(model.WriteFolder(_folder));

    private string WithTokenizer(string weights)
    {
        string folder = _folder.Create("model");
        foreach (string file in Directory.EnumerateFiles(weights))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        string source = SharedFolder.Require("models/stories260k");
        foreach (string name in (string[])["tokenizer.json", "tokenizer_config.json"])
        {
            File.Copy(Path.Combine(source, name), Path.Combine(folder, name), overwrite: true);
        }

        return folder;
    }

    // A character for each token.
    private static void WriteTokenizer(string folder)
    {
        JsonObject vocabulary = new([.. Enumerable.Range(0, FamilySpec.Vocabulary)
            .Select(i => new KeyValuePair<string, JsonNode?>(((char)('!' + i)).ToString(), i))]);
        JsonObject tokenizer = new()
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(),
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray() },
            ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false },
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel" },
        };
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), tokenizer.ToJsonString());
    }

    private static async Task<bool> Agree(string path)
    {
        CommandRun info = await CommandRun.Of("info", path, "--format", "json");
        bool says = info.Code == ExitCode.Success && JsonSerializer.Deserialize<JsonElement>(info.Output).GetProperty("runs").GetBoolean();
        CommandRun run = await CommandRun.Of("run", path, "--raw", "-p", "Once", "-n", "1", "--ctx", "32");
        Assert.True(run.Code is ExitCode.Success or ExitCode.Failed, run.Error);
        Assert.True(info.Code is ExitCode.Success or ExitCode.Failed, info.Error);
        Assert.True(
            says == (run.Code == ExitCode.Success), $"{path}: info says {says} ({info.Output}{info.Error}), run: {run.Code}, {run.Error}");
        string? refusal = Refusal(path);
        Assert.Equal(says, refusal is null && info.Code == ExitCode.Success);
        if (refusal is not null)
        {
            Assert.Contains(refusal, run.Error, StringComparison.Ordinal);
        }

        return says;
    }

    // What info prints behind "no:".
    private static string? Refusal(string path)
    {
        try
        {
            using var files = Checkpoint.Open(path);
            return InferenceEngine.Explain(files, EngineSettings.Alone);
        }
        catch (InferometerException)
        {
            return null; // info refuses such files as run does
        }
    }
}
