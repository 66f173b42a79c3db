using Inferometer.Core;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Cpu.Lora;
using Inferometer.Cpu.Tests.Execution;
using Inferometer.Cpu.Weights;
using Inferometer.ReferenceModels;
using Inferometer.Runners;

namespace Inferometer.Cpu.Tests.Lora;

/// <summary>A model with an adapter against the reference on weights into which the same change was merged.</summary>
public sealed class LoraAdapterTests : IDisposable
{
    private const int Rank = TinyAdapter.Rank;
    private const double Alpha = TinyAdapter.Alpha;

    private static readonly int[] Tokens = [.. Enumerable.Range(0, 24).Select(i => ((i * 31) + 7) % 80)];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("llama", false, false)]
    [InlineData("llama", true, false)]
    [InlineData("llama", false, true)]
    [InlineData("llama", true, true)]
    [InlineData("qwen3", true, true)]
    public void An_adapter_gives_what_merged_weights_give(string family, bool ggufModel, bool ggufAdapter)
    {
        TinyModel tiny = TinyModel.Create(family);
        Dictionary<string, ReferenceTensor> changes = TinyAdapter.Changes(tiny, TinyAdapter.Modules);
        using TransformerModel model = Load(ggufModel ? tiny.WriteGguf(_folder) : tiny.WriteFolder(_folder));
        using LoraAdapter adapter = model.LoadAdapter(ggufAdapter ? WriteGguf(tiny, changes) : TinyAdapter.WritePeft(changes, _folder));
        Assert.Equal(21, adapter.ChangedLayers);
        Assert.Equal(Rank, adapter.Rank);
        AssertMatches(Merged(tiny, changes), model, adapter);
    }

    [Fact]
    public void An_adapter_of_fused_projections_is_split_with_them()
    {
        TinyModel tiny = TinyModel.Create("phi3");
        Dictionary<string, ReferenceTensor> changes = TinyAdapter.Changes(tiny, ["self_attn.qkv_proj", "mlp.gate_up_proj"]);
        using TransformerModel model = Load(tiny.WriteFolder(_folder));
        using LoraAdapter adapter = model.LoadAdapter(TinyAdapter.WritePeft(changes, _folder));
        AssertMatches(Merged(tiny, changes), model, adapter);
    }

    [Fact]
    public void Rank_stabilised_adapters_are_scaled_by_the_root_of_the_rank()
    {
        TinyModel tiny = TinyModel.Create("llama");
        Dictionary<string, ReferenceTensor> changes = TinyAdapter.Changes(tiny, ["self_attn.q_proj"]);
        using TransformerModel model = Load(tiny.WriteFolder(_folder));
        using LoraAdapter adapter = model.LoadAdapter(TinyAdapter.WritePeft(changes, _folder, """{"use_rslora":true}"""));
        AssertMatches(Merged(tiny, changes, Alpha / 2), model, adapter);
    }

    [Fact]
    public void Sequences_of_one_batch_keep_their_own_adapters()
    {
        TinyModel tiny = TinyModel.Create("llama");
        Dictionary<string, ReferenceTensor> first = TinyAdapter.Changes(tiny, TinyAdapter.Modules);
        Dictionary<string, ReferenceTensor> second = TinyAdapter.Changes(tiny, ["mlp.up_proj"], seed: 4);
        using TransformerModel model = Load(tiny.WriteFolder(_folder));
        using LoraAdapter adapterOne = model.LoadAdapter(TinyAdapter.WritePeft(first, _folder));
        using LoraAdapter adapterTwo = model.LoadAdapter(TinyAdapter.WritePeft(second, _folder));
        LoraAdapter?[] adapters = [adapterOne, null, adapterTwo, adapterTwo, adapterOne];
        using PagedKvCache cache = model.CreateCache(10, KvElement.F32);
        ForwardBatch batch = new();
        for (int i = 0; i < adapters.Length; i++)
        {
            batch.Add(Tokens.AsMemory(0, 18 + i), 0, new[] { 2 * i, (2 * i) + 1 }, 1, adapters[i]);
        }

        int vocabulary = model.Architecture.VocabularySize;
        float[] logits = new float[adapters.Length * vocabulary];
        model.Forward(batch, cache, logits);
        for (int i = 0; i < adapters.Length; i++)
        {
            using SequenceRunner alone = new(model, 32, adapter: adapters[i]);
            float[] expected = alone.Run(Tokens.AsSpan(0, 18 + i))[^1];
            Assert.InRange(expected.Zip(logits[(i * vocabulary)..], (a, b) => Math.Abs(a - b)).Max(), 0, 2e-4);
        }
    }

    [Theory]
    [InlineData("""{"use_dora":true}""", "use_dora")]
    [InlineData("""{"fan_in_fan_out":true}""", "fan_in_fan_out")]
    [InlineData("""{"alpha_pattern":{"q_proj":3}}""", "alpha_pattern")]
    [InlineData("""{"peft_type":"IA3"}""", "IA3")]
    public void Adapters_of_other_kinds_are_refused_by_name(string changes, string named)
    {
        TinyModel tiny = TinyModel.Create("llama");
        using TransformerModel model = Load(tiny.WriteFolder(_folder));
        string path = TinyAdapter.WritePeft(TinyAdapter.Changes(tiny, ["self_attn.q_proj"]), _folder, changes);
        Assert.Contains(named, Assert.Throws<InferometerException>(() => model.LoadAdapter(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_adapter_for_wider_layers_or_unknown_parts_is_refused_with_the_tensor()
    {
        TinyModel tiny = TinyModel.Create("llama");
        using TransformerModel model = Load(tiny.WriteFolder(_folder));
        Dictionary<string, ReferenceTensor> wide = TinyAdapter.Changes(tiny, ["self_attn.q_proj"]);
        string down = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight";
        wide[down] = ReferenceTensor.Random(new Random(1), 1, 0, Rank, 128);
        string message = Assert.Throws<InferometerException>(() => model.LoadAdapter(TinyAdapter.WritePeft(wide, _folder))).Message;
        Assert.Contains(down, message, StringComparison.Ordinal);
        Assert.Contains("[rank, 64]", message, StringComparison.Ordinal);

        Dictionary<string, ReferenceTensor> head = new(StringComparer.Ordinal)
        {
            ["base_model.model.lm_head.lora_A.weight"] = ReferenceTensor.Random(new Random(1), 1, 0, Rank, 64),
        };
        message = Assert.Throws<InferometerException>(() => model.LoadAdapter(TinyAdapter.WritePeft(head, _folder))).Message;
        Assert.Contains("lm_head", message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_adapter_of_another_model_is_refused_by_the_step()
    {
        TinyModel tiny = TinyModel.Create("llama");
        string path = tiny.WriteFolder(_folder);
        using TransformerModel owner = Load(path), other = Load(path);
        using LoraAdapter adapter = owner.LoadAdapter(TinyAdapter.WritePeft(TinyAdapter.Changes(tiny, ["mlp.down_proj"]), _folder));
        using SequenceRunner runner = new(other, 16, adapter: adapter);
        Assert.Throws<ArgumentException>(() => runner.Run([1, 2]));
    }

    private static void AssertMatches(ReferenceModel reference, TransformerModel model, LoraAdapter adapter)
    {
        using SequenceRunner runner = new(model, Tokens.Length, adapter: adapter), plain = new(model, Tokens.Length);
        float[][] logits = runner.Run(Tokens), without = plain.Run(Tokens);
        double[][] expected = reference.Logits(Tokens);
        for (int t = 0; t < Tokens.Length; t++)
        {
            Assert.InRange(expected[t].Zip(logits[t], (a, b) => Math.Abs(a - b)).Max(), 0, 1e-3);
        }

        // The change is large enough to be seen, or the comparison would prove nothing.
        Assert.True(expected[^1].Zip(without[^1], (a, b) => Math.Abs(a - b)).Max() > 0.05);
    }

    private static ReferenceModel Merged(TinyModel tiny, Dictionary<string, ReferenceTensor> changes, double scale = Alpha / Rank)
    {
        Dictionary<string, ReferenceTensor> weights = new(tiny.Weights, StringComparer.Ordinal);
        foreach ((string name, ReferenceTensor down) in changes.Where(change => change.Key.Contains(".lora_A.", StringComparison.Ordinal)))
        {
            ReferenceTensor up = changes[name.Replace(".lora_A.", ".lora_B.", StringComparison.Ordinal)];
            string target =
                name.Replace("base_model.model.", "", StringComparison.Ordinal).Replace(".lora_A", "", StringComparison.Ordinal);
            float[] merged = [.. weights[target].Data];
            for (int i = 0; i < merged.Length; i++)
            {
                (int row, int column) = Math.DivRem(i, down.Columns);
                merged[i] += (float)(scale * Enumerable.Range(0, Rank)
                    .Sum(r => (double)up.Data[(row * Rank) + r] * down.Data[(r * down.Columns) + column]));
            }

            weights[target] = weights[target] with { Data = merged };
        }

        return new ReferenceModel(tiny.Config, weights);
    }

    private string WriteGguf(TinyModel tiny, Dictionary<string, ReferenceTensor> changes)
    {
        string path = Path.Combine(_folder.Create("adapter"), "adapter.gguf");
        string architecture = (string)tiny.Config["model_type"]!;
        List<KeyValuePair<string, object>> metadata =
        [
            new("general.architecture", architecture), new("general.type", "adapter"), new("adapter.type", "lora"),
                new("adapter.lora.alpha", Alpha),
        ];
        List<KeyValuePair<string, ReferenceTensor>> tensors = [];
        foreach ((string name, ReferenceTensor tensor) in changes)
        {
            string target = name.Replace("base_model.model.", "", StringComparison.Ordinal);
            bool down = target.Contains(".lora_A", StringComparison.Ordinal);
            string weight = target.Replace(down ? ".lora_A" : ".lora_B", "", StringComparison.Ordinal);

            // The rows of B are rows of the weight, so the converter moves them alike; A stays.
            ReferenceTensor rows = down
                ? tensor with { Data = new float[tiny.Weights[weight].Rows * Rank], Shape = [tiny.Weights[weight].Rows, Rank] } : tensor;
            (string renamed, ReferenceTensor moved) = GgufConversion.Tensors(
                tiny.Config, new Dictionary<string, ReferenceTensor>(StringComparer.Ordinal) { [weight] = rows })[0];
            tensors.Add(new(renamed + (down ? ".lora_a" : ".lora_b"), down ? tensor : moved));
        }

        GgufFile.Write(path, metadata, tensors);
        return path;
    }

    private static TransformerModel Load(string path) =>
        TransformerModel.Load(path, new LoadOptions { Threads = 2 }, null, TestContext.Current.CancellationToken);
}
