using System.Text.Json;
using Inferometer.Core.Catalog;
using Inferometer.Core.Models;
using Inferometer.Core.Models.HuggingFace;
using Inferometer.Tests;

namespace Inferometer.Core.Tests.Catalog;

public sealed class ModelCatalogTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("inferometer-catalog-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("meta-llama/Llama-3.1-8B", "meta-llama/Llama-3.1-8B")]
    [InlineData("llama-3.1-8b", "meta-llama/Llama-3.1-8B")]
    [InlineData("LLAMA_3.1_8B", "meta-llama/Llama-3.1-8B")]
    [InlineData("meta-llama/Meta-Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-8B")]
    [InlineData("llama2_7b", "meta-llama/Llama-2-7b-hf")]
    [InlineData("mixtral_8x7b", "mistralai/Mixtral-8x7B-v0.1")]
    [InlineData("opt-1.3b", "facebook/opt-1.3b")]
    [InlineData("opt-13b", "facebook/opt-13b")]
    [InlineData("gpt2", "openai-community/gpt2")]
    [InlineData("deepseek_v3", "deepseek-ai/DeepSeek-V3")]
    [InlineData("qwen3.5-9b", "Qwen/Qwen3.5-9B")]
    [InlineData("qwen3.6-27b", "Qwen/Qwen3.6-27B")]
    [InlineData("qwen3-coder-next", "Qwen/Qwen3-Coder-Next")]
    [InlineData("qwen3-vl-8b", "Qwen/Qwen3-VL-8B-Instruct")]
    [InlineData("Qwen/Qwen3-32B-FP8", "Qwen/Qwen3-32B-FP8")]
    [InlineData("qwq", "Qwen/QwQ-32B")]
    [InlineData("gemma-3n-e4b", "google/gemma-3n-E4B-it")]
    [InlineData("gemma-4-31b-it", "google/gemma-4-31B")]
    [InlineData("gemma-4-e4b", "google/gemma-4-E4B")]
    [InlineData("gemma-4-12b", "google/gemma-4-12B")]
    [InlineData("deepseek-v3.2", "deepseek-ai/DeepSeek-V3.2")]
    [InlineData("deepseek-v4-pro", "deepseek-ai/DeepSeek-V4-Pro")]
    [InlineData("deepseek-r1-distill-qwen-32b", "deepseek-ai/DeepSeek-R1-Distill-Qwen-32B")]
    [InlineData("r1-distill-llama-70b", "deepseek-ai/DeepSeek-R1-Distill-Llama-70B")]
    [InlineData("glm-4.6", "zai-org/GLM-4.6")]
    [InlineData("glm-4.7-flash", "zai-org/GLM-4.7-Flash")]
    [InlineData("glm-5.1", "zai-org/GLM-5")]
    [InlineData("kimi-k2", "moonshotai/Kimi-K2-Instruct")]
    [InlineData("kimi-k2-thinking", "moonshotai/Kimi-K2-Thinking")]
    [InlineData("kimi-linear", "moonshotai/Kimi-Linear-48B-A3B-Instruct")]
    [InlineData("minimax-m2", "MiniMaxAI/MiniMax-M2.5")]
    [InlineData("nemotron-3-nano", "nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16")]
    [InlineData("nemotron-super-49b", "nvidia/Llama-3_3-Nemotron-Super-49B-v1")]
    [InlineData("ministral-3-8b", "mistralai/Ministral-3-8B-Instruct-2512")]
    [InlineData("devstral-2", "mistralai/Devstral-2-123B-Instruct-2512")]
    [InlineData("mistral-small-3.2", "mistralai/Mistral-Small-3.2-24B-Instruct-2506")]
    [InlineData("granite-4.0-h-small", "ibm-granite/granite-4.0-h-small")]
    [InlineData("lfm2-1.2b", "LiquidAI/LFM2-1.2B")]
    [InlineData("smollm3", "HuggingFaceTB/SmolLM3-3B")]
    [InlineData("olmo-3-32b", "allenai/Olmo-3-32B-Think")]
    public void Names_are_found_as_people_write_them(string written, string canonical) =>
        Assert.Equal(canonical, ModelCatalog.BuiltIn.Find(written).Name);

    [Fact]
    public void No_name_leads_to_two_models() => Assert.Empty(ModelCatalog.BuiltIn.Conflicts);

    [Fact]
    public void Every_entry_has_a_source_and_a_known_family()
    {
        Assert.True(ModelCatalog.BuiltIn.Models.Count >= 40);
        Assert.All(ModelCatalog.BuiltIn.Models, m =>
        {
            Assert.NotEmpty(m.Source);
            Assert.True(m.Architecture.IsKnownFamily, m.Name);
            Assert.Equal(m.Name, m.Architecture.Name);
        });
    }

    // A checkpoint that ships quantised says how, as its config.json does, and the one it was made from does not.
    [Theory]
    [InlineData("openai/gpt-oss-20b", "mxfp4", "lm_head")]
    [InlineData("openai/gpt-oss-120b", "mxfp4", "model.layers.*.self_attn")]
    [InlineData("deepseek-ai/DeepSeek-R1", "fp8", null)]
    [InlineData("deepseek-ai/DeepSeek-V3.2", "fp8", null)]
    [InlineData("deepseek-ai/DeepSeek-V4-Pro", "fp8", null)]
    [InlineData("moonshotai/Kimi-K2-Instruct", "fp8", null)]
    [InlineData("moonshotai/Kimi-K2-Thinking", "compressed-tensors", "re:.*shared_experts.*")]
    [InlineData("moonshotai/Kimi-K2.5", "compressed-tensors", "re:.*self_attn.*")]
    [InlineData("MiniMaxAI/MiniMax-M2.5", "fp8", "lm_head")]
    [InlineData("zai-org/GLM-5", null, null)]
    [InlineData("zai-org/GLM-5-FP8", "fp8", "model.layers.77.mlp.gate")]
    [InlineData("Qwen/Qwen3-8B", null, null)]
    [InlineData("Qwen/Qwen3-8B-FP8", "fp8", "lm_head")]
    [InlineData("Qwen/Qwen3-235B-A22B", null, null)]
    [InlineData("Qwen/Qwen3-235B-A22B-FP8", "fp8", "model.layers.93.mlp.gate")]
    [InlineData("mistralai/Ministral-3-14B-Instruct-2512", "fp8", "model.vision_tower")]
    [InlineData("mistralai/Devstral-2-123B-Instruct-2512", "fp8", "lm_head")]
    [InlineData("mistralai/Mistral-Small-3.2-24B-Instruct-2506", null, null)]
    public void An_entry_has_the_quantisation_its_checkpoint_ships_with(string model, string? method, string? kept)
    {
        string file = Path.Combine(
            SharedFolder.RepositoryRoot, "catalog", "models", $"{model.Replace("/", "--", StringComparison.Ordinal)}.json");
        using JsonDocument entry = JsonDocument.Parse(File.ReadAllText(file));
        bool quantised = entry.RootElement.GetProperty("config").TryGetProperty("quantization_config", out JsonElement quantization);
        Assert.Equal(method is not null, quantised);
        if (quantised)
        {
            Assert.Equal(method, quantization.GetProperty("quant_method").GetString());
            string list = method is "compressed-tensors" ? "ignore" : "modules_to_not_convert";
            Assert.Equal(kept is not null, quantization.TryGetProperty(list, out JsonElement names));
            Assert.True(kept is null || names.EnumerateArray().Any(name => name.ValueEquals(kept)), $"{model} keeps no '{kept}'");
        }
    }

    [Fact]
    public void A_model_is_found_by_its_address() =>
        Assert.Equal("Qwen/Qwen3-8B", ModelCatalog.BuiltIn.Find("https://huggingface.co/Qwen/Qwen3-8B/").Name);

    // 'deepseek-67b' is nearer by letters.
    [Theory]
    [InlineData("deepseek-r1:671b", "Did you mean 'deepseek-ai/DeepSeek-R1'")]
    [InlineData("gpt-oss:20b", "Did you mean 'openai/gpt-oss-20b'")]
    [InlineData("llama3.1:8b", "Did you mean 'meta-llama/Llama-3.1-8B'")]
    public void A_tag_offers_the_model_before_it(string name, string said) => Assert.Contains(
        said, Assert.Throws<InferometerException>(() => ModelCatalog.BuiltIn.Find(name)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("neuralmagic/Meta-Llama-3.1-70B-Instruct-FP8", "Give 'meta-llama/Llama-3.1-70B' with", "--weights fp8 --activations fp8.")]
    [InlineData("RedHatAI/Meta-Llama-3.1-8B-Instruct-FP8-dynamic", "Give 'meta-llama/Llama-3.1-8B' with", "--weights fp8 --activations")]
    [InlineData("RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w8a8", "Give 'meta-llama/Llama-3.1-8B' with", "int8 --activations int8.")]
    [InlineData("RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w4a16", "Give 'meta-llama/Llama-3.1-8B' with", ": --weights int4.")]
    [InlineData("hugging-quants/Meta-Llama-3.1-8B-Instruct-AWQ-INT4", "Give 'meta-llama/Llama-3.1-8B' with", ": --weights awq.")]
    [InlineData("unsloth/Meta-Llama-3.1-8B-Instruct-unsloth-bnb-4bit", "Give 'meta-llama/Llama-3.1-8B' with", ": --weights nf4.")]
    [InlineData("nvidia/Llama-3.1-8B-Instruct-FP4", "Give 'meta-llama/Llama-3.1-8B' with", ": --bits nvfp4.")]
    [InlineData("someone/Llama-3.1-8B-GPTQ-Int8", "Give 'meta-llama/Llama-3.1-8B' with", ": --weights int8.")]
    [InlineData("mlx-community/Meta-Llama-3.1-8B-Instruct-8bit", "Give 'meta-llama/Llama-3.1-8B' with", ": --weights mlx_8bit.")]
    [InlineData("bartowski/Meta-Llama-3.1-8B-Instruct-GGUF", "Give 'meta-llama/Llama-3.1-8B' with", "path of the .gguf file.")]
    [InlineData("someone/Lama-3.1-8B-AWQ", "Did you mean 'meta-llama/Llama-3.1-8B'", "?")]
    public void A_checkpoint_in_another_format_is_told_as_its_model_with_that_format(string name, string model, string format)
    {
        string message = Assert.Throws<InferometerException>(() => ModelCatalog.BuiltIn.Find(name)).Message;
        Assert.Contains(model, message, StringComparison.Ordinal);
        Assert.EndsWith(format, message[..Math.Min(message.Length, message.LastIndexOf(format, StringComparison.Ordinal) + format.Length)],
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_name_offers_near_ones()
    {
        InferometerException error = Assert.Throws<InferometerException>(() => ModelCatalog.BuiltIn.Resolve("meta-llama/Lama-3.1-8B"));
        Assert.Contains("'meta-llama/Lama-3.1-8B'", error.Message, StringComparison.Ordinal);
        Assert.Contains("Did you mean", error.Message, StringComparison.Ordinal);
        Assert.Contains("Llama-3.1-8B", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    public void An_empty_name_is_refused_and_not_looked_for(string name)
    {
        string expected = "The name of a model is empty";
        Assert.StartsWith(
            expected, Assert.Throws<InferometerException>(() => ModelCatalog.BuiltIn.Resolve(name)).Message, StringComparison.Ordinal);
        Assert.StartsWith(
            expected, Assert.Throws<InferometerException>(() => ModelCatalog.BuiltIn.Find(name)).Message, StringComparison.Ordinal);
        Assert.Null(ModelCatalog.BuiltIn.TryFind(name));
        Assert.StartsWith(
            "'': no such catalog folder", Assert.Throws<InferometerException>(() => ModelCatalog.WithFolder("")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_users_folder_extends_and_overrides()
    {
        Write("own.json", """{"name":"me/own","aliases":["mine"],"source":"me","config":{"model_type":"llama","hidden_size":64,"intermediate_size":128,"num_hidden_layers":2,"num_attention_heads":4,"vocab_size":100}}""");
        Write("gpt2.json", """{"name":"openai-community/gpt2","source":"me","config":{"model_type":"gpt2","n_embd":16,"n_layer":1,"n_head":2,"vocab_size":50}}""");
        ModelCatalog catalog = ModelCatalog.WithFolder(_folder);

        Assert.Equal(64, catalog.Resolve("mine").HiddenSize);
        Assert.Equal(16, catalog.Resolve("gpt2").HiddenSize);
        Assert.Equal(16, catalog.Resolve("openai-community/gpt2").HiddenSize);
        Assert.Equal(ModelCatalog.BuiltIn.Models.Count + 1, catalog.Models.Count);
        Assert.Equal(768, ModelCatalog.BuiltIn.Resolve("gpt2").HiddenSize);
    }

    [Theory]
    [InlineData("{", "not valid JSON")]
    [InlineData("[]", "JSON object")]
    [InlineData("""{"name":"x","source":"s"}""", "'config'")]
    [InlineData("""{"config":{},"source":"s"}""", "'name'")]
    [InlineData("""{"name":"x","config":{}}""", "'source'")]
    public void A_faulty_file_is_named_with_its_fault(string json, string fault)
    {
        Write("bad.json", json);
        InferometerException error = Assert.Throws<InferometerException>(() => ModelCatalog.WithFolder(_folder));
        Assert.Contains("bad.json", error.Message, StringComparison.Ordinal);
        Assert.Contains(fault, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("models/tales-5m/config.json")]
    [InlineData("models/tales-5m")]
    [InlineData("models/tales-5m/tales-5m-q8_0.gguf")]
    [InlineData("models/tales-5m/tales-5m-f16.gguf")]
    public void Paths_are_read_whatever_they_lead_to(string path)
    {
        ModelArchitecture model = ModelCatalog.BuiltIn.Resolve(SharedFolder.Require(path));
        Assert.Equal(6, model.LayerCount);
        var attention = Assert.IsType<AttentionMixer>(model.Layers[0].Mixer);
        Assert.Equal((4, 2, 64), (attention.Heads, attention.KvHeads, attention.HeadDim));
    }

    [Fact]
    public void Every_entry_equals_the_reference_configuration_of_its_source()
    {
        // The reference files hold the fields that decide sizes; the catalog only adds constants to them, and towers.
        string folder = SharedFolder.Require("reference/measurements/models");
        foreach (string file in Directory.EnumerateFiles(folder, "*.json"))
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllText(file));
            string name = document.RootElement.GetProperty("hf_id").GetString()!;
            ModelArchitecture reference = HuggingFaceConfigReader.Read(file);
            ModelArchitecture entry = ModelCatalog.BuiltIn.Resolve(name);
            Assert.True(reference.IsKnownFamily, file);
            Assert.Equal(reference.LayerCount, entry.LayerCount);
            Assert.Equal(ParameterCount.Of(reference), ParameterCount.Of(entry with
            {
                Parts = [.. entry.Parts.Where(part => !part.Name.EndsWith(" tower", StringComparison.Ordinal)
                    || reference.Parts.Contains(part))],
            }));
        }
    }

    private void Write(string file, string json)
    {
        Directory.CreateDirectory(Path.Combine(_folder, "models"));
        File.WriteAllText(Path.Combine(_folder, "models", file), json);
    }
}
