using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Matrices;
using Inferometer.Cpu.Tests.Execution;
using Inferometer.Cpu.Weights;
using Inferometer.ModelFiles;
using Inferometer.ReferenceModels;

namespace Inferometer.Cpu.Tests.Weights;

public sealed class ModelLoadingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_missing_tensor_is_named()
    {
        TinyModel tiny = TinyModel.Create("llama");
        tiny.Weights.Remove("model.layers.1.mlp.up_proj.weight");
        Assert.Contains("'model.layers.1.mlp.up_proj.weight' is missing", LoadError(tiny.WriteFolder(_folder)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_of_another_shape_is_named_with_both_shapes()
    {
        TinyModel tiny = TinyModel.Create("llama");
        tiny.Weights["model.layers.0.self_attn.k_proj.weight"] = ReferenceTensor.Random(new Random(1), 1, 0, 16, 64);
        string message = LoadError(tiny.WriteFolder(_folder));
        Assert.Contains("'model.layers.0.self_attn.k_proj.weight' is [16, 64]", message, StringComparison.Ordinal);
        Assert.Contains("[32, 64]", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void A_value_that_is_no_finite_number_is_refused_unless_the_check_is_off(float value)
    {
        TinyModel tiny = TinyModel.Create("llama");
        tiny.Weights["model.layers.2.mlp.down_proj.weight"].Data[(5 * 96) + 95] = value;
        string path = tiny.WriteFolder(_folder);
        string message = LoadError(path);
        Assert.Contains("'model.layers.2.mlp.down_proj.weight'", message, StringComparison.Ordinal);
        Assert.Contains("row 5", message, StringComparison.Ordinal);
        Load(path, new LoadOptions { Threads = 1, CheckWeights = false }).Dispose();
    }

    [Theory]
    [InlineData("""{"model_type":"deepseek_v3","kv_lora_rank":16,"q_lora_rank":16,"qk_nope_head_dim":16,"qk_rope_head_dim":8,"v_head_dim":16,"moe_intermediate_size":32,"n_routed_experts":4,"num_experts_per_tok":2,"n_shared_experts":1,"first_k_dense_replace":1}""", "deepseek_v3")]
    [InlineData("""{"model_type":"bloom"}""", "bloom")]
    [InlineData("""{"model_type":"never_heard_of"}""", "never_heard_of")]
    public void A_network_the_engine_has_no_code_for_is_refused_by_name(string changes, string type)
    {
        string path = TinyModel.Create("llama").WriteFolder(_folder);
        JsonObject config = JsonNode.Parse(File.ReadAllText(Path.Combine(path, "config.json")))!.AsObject();
        foreach ((string key, JsonNode? value) in JsonNode.Parse(changes)!.AsObject())
        {
            config[key] = value?.DeepClone();
        }

        File.WriteAllText(Path.Combine(path, "config.json"), config.ToJsonString());
        string message = LoadError(path);
        Assert.Contains($"cannot run this model ('{type}')", message, StringComparison.Ordinal);
        Assert.Contains("It runs apertus", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_model_inside_a_larger_checkpoint_is_found()
    {
        TinyModel tiny = TinyModel.Create("llama");
        string plain = tiny.WriteFolder(_folder);
        foreach ((string name, ReferenceTensor tensor) in tiny.Weights.ToArray())
        {
            tiny.Weights.Remove(name);
            tiny.Weights["language_model." + name] = tensor;
        }

        Assert.Equal(Logits(plain), Logits(tiny.WriteFolder(_folder)));
    }

    [Fact]
    public void Experts_stored_one_by_one_in_early_GGUF_files_are_found()
    {
        TinyModel tiny = TinyModel.Create("mixtral");
        List<KeyValuePair<string, ReferenceTensor>> tensors = [];
        foreach ((string name, ReferenceTensor tensor) in GgufConversion.Tensors(tiny.Config, tiny.Weights))
        {
            if (tensor.Shape.Length != 3)
            {
                tensors.Add(new(name, tensor));
                continue;
            }

            int size = tensor.Shape[1] * tensor.Shape[2];
            tensors.AddRange(Enumerable.Range(0, tensor.Shape[0]).Select(expert => KeyValuePair.Create(
                name.Replace("_exps", string.Create(CultureInfo.InvariantCulture, $".{expert}"), StringComparison.Ordinal),
                new ReferenceTensor([tensor.Shape[1], tensor.Shape[2]], tensor.Data[(expert * size)..((expert + 1) * size)]))));
        }

        string path = Path.Combine(_folder.Create("early"), "model.gguf");
        GgufFile.Write(path, GgufConversion.Metadata(tiny.Config), tensors);
        Assert.Equal(Logits(tiny.WriteGguf(_folder)), Logits(path));
    }

    [Fact]
    public void Weights_are_accounted_for_once_each()
    {
        TinyModel tiny = TinyModel.Create("llama", new JsonObject { ["tie_word_embeddings"] = true });
        using TransformerModel model = Load(tiny.WriteFolder(_folder), new LoadOptions { Threads = 1 });
        long matrices =
            tiny.Weights.Where(weight => weight.Value.Shape.Length == 2).Sum(weight => weight.Value.Data.LongLength * sizeof(float));
        Assert.Equal(matrices, model.WeightBytes);
    }

    [Fact]
    public void Progress_rises_to_the_whole_and_a_cancelled_load_stops()
    {
        string path = TinyModel.Create("llama").WriteFolder(_folder);
        List<LoadProgress> reports = [];
        using (TransformerModel model = TransformerModel.Load(
            path, new LoadOptions { Threads = 1 }, new Listener(reports.Add), TestContext.Current.CancellationToken))
        {
            Assert.Equal(3, model.Architecture.LayerCount);
        }

        Assert.Equal("layer 1 of 3", reports[1].Stage);
        Assert.Equal(reports[^1].TotalBytes, reports[^1].LoadedBytes);
        Assert.Equal(reports.Select(report => report.LoadedBytes).Order(), reports.Select(report => report.LoadedBytes));

        using CancellationTokenSource stop = new();
        Assert.Throws<OperationCanceledException>(
            () => TransformerModel.Load(path, new LoadOptions { Threads = 1 }, new Listener(_ => stop.Cancel()), stop.Token));
    }

    [Fact]
    public void A_checkpoint_of_bytes_and_scales_gives_what_its_values_give()
    {
        const float Scale = 1f / 256;
        TinyModel tiny = TinyModel.Create("llama");
        Dictionary<string, sbyte[]> packed = [];
        foreach ((string name, ReferenceTensor tensor) in tiny.Weights.Where(w => w.Key.EndsWith("proj.weight", StringComparison.Ordinal)))
        {
            packed[name] = [.. tensor.Data.Select(value => (sbyte)Math.Clamp(MathF.Round(value / Scale), -127, 127))];
            for (int i = 0; i < tensor.Data.Length; i++)
            {
                tensor.Data[i] = packed[name][i] * Scale;
            }
        }

        string path = tiny.WriteFolder(_folder);
        LoadOptions exact = new() { Threads = 1, Packing = new WeightPackingOptions { QuantizeActivations = false } };
        float[] expected = Logits(path, exact), rounded = Logits(path);
        WritePacked(Path.Combine(path, "model.safetensors"), tiny, packed, Scale);
        using (var checkpoint = Checkpoint.Open(path))
        {
            ModelSupport.Require(checkpoint);
        }

        Assert.Equal(expected, Logits(path, exact));
        Assert.All(rounded.Zip(Logits(path)), pair => Assert.Equal(pair.First, pair.Second, 0.05f));
    }

    private static void WritePacked(string file, TinyModel tiny, Dictionary<string, sbyte[]> packed, float scale)
    {
        JsonObject header = [];
        using MemoryStream data = new();
        void Add(string name, string type, int[] shape, ReadOnlySpan<byte> bytes)
        {
            header[name] = new JsonObject
            {
                ["dtype"] = type,
                ["shape"] = new JsonArray([.. shape.Select(extent => (JsonNode)extent)]),
                ["data_offsets"] = new JsonArray(data.Length, data.Length + bytes.Length),
            };
            data.Write(bytes);
        }

        foreach ((string name, ReferenceTensor tensor) in tiny.Weights)
        {
            if (packed.TryGetValue(name, out sbyte[]? bytes))
            {
                Add(name, "I8", tensor.Shape, MemoryMarshal.AsBytes(bytes.AsSpan()));
                Add(name + "_scale", "F32", [1], BitConverter.GetBytes(scale));
            }
            else
            {
                Add(name, "F32", tensor.Shape, MemoryMarshal.AsBytes(tensor.Data.AsSpan()));
            }
        }

        byte[] json = System.Text.Encoding.UTF8.GetBytes(header.ToJsonString());
        File.WriteAllBytes(file, [.. BitConverter.GetBytes((long)json.Length), .. json, .. data.ToArray()]);
    }

    private static TransformerModel Load(string path, LoadOptions options) =>
        TransformerModel.Load(path, options, null, TestContext.Current.CancellationToken);

    private static float[] Logits(string path, LoadOptions? options = null)
    {
        using TransformerModel model = Load(path, options ?? new LoadOptions { Threads = 1 });
        using SequenceRunner runner = new(model, 16);
        return runner.Run([3, 1, 4, 1, 5])[^1];
    }

    private static string LoadError(string path) =>
        Assert.Throws<InferometerException>(() => Load(path, new LoadOptions { Threads = 2 })).Message;

    private sealed class Listener(Action<LoadProgress> heard) : IProgress<LoadProgress>
    {
        public void Report(LoadProgress value) => heard(value);
    }
}
