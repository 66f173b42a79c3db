using Inferometer.Core;
using Inferometer.ReferenceModels;
using Inferometer.Runners;
using Inferometer.Tests;

namespace Inferometer.Gpu.Tests.Execution;

/// <summary>LoRA adapters on the emulated GPU give the logits that they give on the processor.</summary>
public sealed class AdapterTests : IDisposable
{
    private const string Tales = "models/tales-5m/tales-5m-q8_0.gguf";

    private static readonly int[] Tokens = [.. Enumerable.Range(0, 24).Select(i => ((i * 37) + 11) % 80)];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("llama", 1)]
    [InlineData("llama", 4)]
    [InlineData("qwen3", 1)]
    [InlineData("gemma2", 1)]
    public void Every_adapted_layer_gives_what_it_gives_on_the_processor(string family, int lanes)
    {
        TinyModel tiny = TinyModel.Create(family);
        AssertLike(tiny.WriteFolder(_folder), TinyAdapter.Changes(tiny, TinyAdapter.Modules), lanes, tolerance: 2e-3);
    }

    [Fact]
    public void An_adapter_of_fused_projections_is_split_with_them()
    {
        TinyModel tiny = TinyModel.Create("phi3");
        AssertLike(
            tiny.WriteFolder(_folder), TinyAdapter.Changes(tiny, ["self_attn.qkv_proj", "mlp.gate_up_proj"]), lanes: 1, tolerance: 2e-3);
    }

    // Where weights are quantised, what they are multiplied with is rounded; what an adapter is given is not.
    [Fact]
    public void Over_quantised_weights_adapters_meet_rows_that_were_not_rounded() =>
        AssertLike(SharedFolder.Require(Tales), TalesChanges(), lanes: 1, tolerance: 1e-2);

    [Fact]
    public void Sequences_of_one_batch_keep_their_own_adapters()
    {
        TinyModel tiny = TinyModel.Create("llama");
        string path = tiny.WriteFolder(_folder);
        string first = TinyAdapter.WritePeft(TinyAdapter.Changes(tiny, TinyAdapter.Modules), _folder);
        string second = TinyAdapter.WritePeft(TinyAdapter.Changes(tiny, ["mlp.up_proj", "self_attn.v_proj"], seed: 4), _folder);
        using IModelRunner gpu = Runners.OnGpu(path, 10), cpu = Runners.OnProcessor(path, 2);
        using IModelAdapter one = gpu.LoadAdapter(first), two = gpu.LoadAdapter(second, 0.5);
        using IModelAdapter cpuOne = cpu.LoadAdapter(first), cpuTwo = cpu.LoadAdapter(second, 0.5);
        IModelAdapter?[] adapters = [one, null, two, two, one], alone = [cpuOne, null, cpuTwo, cpuTwo, cpuOne];
        ForwardBatch batch = new();
        for (int i = 0; i < adapters.Length; i++)
        {
            batch.Add(Tokens.AsMemory(0, 18 + i), 0, new[] { 2 * i, (2 * i) + 1 }, 1, adapters[i]);
        }

        gpu.Forward(batch);
        for (int i = 0; i < adapters.Length; i++)
        {
            batch.Clear();
            batch.Add(Tokens.AsMemory(0, 18 + i), 0, new[] { 1, 0 }, 1, alone[i]);
            cpu.Forward(batch);
            double difference = Runners.Difference([cpu.Logits(0).ToArray()], [gpu.Logits(i).ToArray()]);
            Assert.True(difference < 2e-3, $"sequence {i}: {difference:E2}");
        }
    }

    [Fact]
    public void An_adapter_says_what_it_holds_on_the_device()
    {
        TinyModel tiny = TinyModel.Create("llama");
        using IModelRunner gpu = Runners.OnGpu(tiny.WriteFolder(_folder), 2);
        using IModelAdapter adapter = gpu.LoadAdapter(
            TinyAdapter.WritePeft(TinyAdapter.Changes(tiny, ["self_attn.o_proj", "mlp.down_proj"]), _folder));
        ReferenceTensor output = tiny.Weights["model.layers.0.self_attn.o_proj.weight"];
        ReferenceTensor down = tiny.Weights["model.layers.0.mlp.down_proj.weight"];
        Assert.Equal((6, TinyAdapter.Rank), (adapter.ChangedLayers, adapter.Rank));
        Assert.Equal(
            3L * sizeof(float) * TinyAdapter.Rank * (output.Rows + output.Columns + down.Rows + down.Columns), adapter.MemoryBytes);
    }

    [Fact]
    public void What_cannot_be_adapted_is_refused_in_a_sentence()
    {
        TinyModel tiny = TinyModel.Create("mixtral");
        using IModelRunner mixture = Runners.OnGpu(tiny.WriteFolder(_folder), 2);
        Dictionary<string, ReferenceTensor> experts = new(StringComparer.Ordinal)
        {
            ["base_model.model.model.layers.0.mlp.up_proj.lora_A.weight"] = ReferenceTensor.Random(new Random(1), 1, 0, 4, 64),
            ["base_model.model.model.layers.0.mlp.up_proj.lora_B.weight"] = ReferenceTensor.Random(new Random(1), 1, 0, 64, 4),
        };
        Refused("mixture of experts, which cannot be adapted", TinyAdapter.WritePeft(experts, _folder));
        Refused("use_dora", TinyAdapter.WritePeft(TinyAdapter.Changes(tiny, ["self_attn.q_proj"]), _folder, """{"use_dora":true}"""));
        Refused("nowhere", Path.Combine(_folder.Create("empty"), "nowhere.gguf"));

        void Refused(string what, string path) => Assert.Contains(
            what, Assert.Throws<InferometerException>(() => mixture.LoadAdapter(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_adapter_of_another_model_is_refused_by_the_step()
    {
        TinyModel tiny = TinyModel.Create("llama");
        string path = tiny.WriteFolder(_folder), file = TinyAdapter.WritePeft(TinyAdapter.Changes(tiny, ["mlp.down_proj"]), _folder);
        using IModelRunner owner = Runners.OnGpu(path, 2), other = Runners.OnGpu(path, 2), cpu = Runners.OnProcessor(path, 2);
        using IModelAdapter fromCard = owner.LoadAdapter(file), fromProcessor = cpu.LoadAdapter(file);
        foreach (IModelAdapter adapter in new[] { fromCard, fromProcessor })
        {
            ForwardBatch batch = new();
            batch.Add(Tokens.AsMemory(0, 2), 0, new[] { 0 }, 1, adapter);
            string message = Assert.Throws<ArgumentException>(() => other.Forward(batch)).Message;
            Assert.Contains("loaded for another model", message, StringComparison.Ordinal);
        }
    }

    private void AssertLike(string path, Dictionary<string, ReferenceTensor> changes, int lanes, double tolerance)
    {
        string file = TinyAdapter.WritePeft(changes, _folder);
        using IModelRunner cpu = Runners.OnProcessor(path, 4), gpu = Runners.OnGpu(path, 4, lanes);
        using IModelAdapter onProcessor = cpu.LoadAdapter(file), onDevice = gpu.LoadAdapter(file);
        float[][] expected = cpu.Logits(Tokens, onProcessor, 24), actual = gpu.Logits(Tokens, onDevice, 19, 1, 1, 3);
        double difference = Runners.Difference(expected, actual);
        Assert.True(difference < tolerance, $"{difference:E2}");

        // The change is large enough to be seen, or the comparison would prove nothing.
        Assert.True(Runners.Difference(cpu.Logits(Tokens, 24), actual) > 0.05);
    }

    private static Dictionary<string, ReferenceTensor> TalesChanges()
    {
        Random random = new(5);
        Dictionary<string, ReferenceTensor> changes = new(StringComparer.Ordinal);
        foreach ((string module, int rows, int columns) in new[]
            { ("self_attn.o_proj", 256, 256), ("mlp.gate_proj", 704, 256), ("mlp.up_proj", 704, 256), ("mlp.down_proj", 256, 704) })
        {
            string name = $"base_model.model.model.layers.5.{module}.lora_";
            changes[name + "A.weight"] = ReferenceTensor.Random(random, 0.1, 0, TinyAdapter.Rank, columns);
            changes[name + "B.weight"] = ReferenceTensor.Random(random, 0.1, 0, rows, TinyAdapter.Rank);
        }

        return changes;
    }
}
