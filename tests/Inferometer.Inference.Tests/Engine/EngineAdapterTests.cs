using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Inference.Engine;
using Inferometer.ReferenceModels;
using Inferometer.Runners;

namespace Inferometer.Inference.Tests.Engine;

public sealed class EngineAdapterTests : IDisposable
{
    private const string Prompt = "Alice was beginning to get very tired of sitting by her sister on the bank, and of having nothing to do";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Requests_with_and_without_adapters_run_side_by_side_and_share_no_prefix()
    {
        await using InferenceEngine engine = EngineRunner.Start(EngineRunner.Tales);
        IModelAdapter first = engine.LoadAdapter(WriteAdapter(1));
        IModelAdapter second = engine.LoadAdapter(WriteAdapter(2));
        IModelAdapter?[] adapters = [null, first, second];
        List<IReadOnlyList<int>> alone = [];
        foreach (IModelAdapter? adapter in adapters)
        {
            GenerationResult result = await engine.RunAsync(EngineRunner.Greedy(Prompt, 16) with { Adapter = adapter });
            Assert.Equal(0, result.Usage.CachedPromptTokens); // the same prompt, cached three times under three salts
            alone.Add(result.TokenIds);
        }

        Assert.NotEqual(alone[0], alone[1]);
        Assert.NotEqual(alone[1], alone[2]);
        GenerationResult[] together = await Task.WhenAll(Enumerable.Range(0, 9).Select(i =>
            engine.RunAsync(EngineRunner.Greedy(Prompt, 16) with { Adapter = adapters[i % 3] })));
        for (int i = 0; i < together.Length; i++)
        {
            Assert.Equal(alone[i % 3], together[i].TokenIds);
            Assert.True(together[i].Usage.CachedPromptTokens > 0);
        }
    }

    [Fact]
    public async Task An_adapter_of_another_engine_is_refused()
    {
        await using InferenceEngine engine = EngineRunner.Start(EngineRunner.Tales);
        await using InferenceEngine other = EngineRunner.Start(EngineRunner.Tales);
        IModelAdapter adapter = other.LoadAdapter(WriteAdapter(1));
        await Assert.ThrowsAsync<InferometerException>(() => engine.RunAsync(EngineRunner.Greedy(Prompt, 4) with { Adapter = adapter }));
    }

    /// <summary>A PEFT folder that changes the last layer's down projection at random, strongly enough to change the tokens.</summary>
    private string WriteAdapter(int seed)
    {
        const string prefix = "base_model.model.model.layers.5.mlp.down_proj.lora_";
        const int rank = 2;
        string folder = _folder.Create("adapter");
        File.WriteAllText(Path.Combine(folder, "adapter_config.json"), """{"peft_type":"LORA","r":2,"lora_alpha":4,"target_modules":["down_proj"],"base_model_name_or_path":""}""");
        float[] down = Random(seed, rank * 704);
        float[] up = Random(seed + 100, 256 * rank);
        JsonObject header = new()
        {
            [prefix + "A.weight"] = Entry([rank, 704], 0, down.Length),
            [prefix + "B.weight"] = Entry([256, rank], down.Length, up.Length),
        };
        byte[] json = Encoding.UTF8.GetBytes(header.ToJsonString());
        using FileStream file = File.Create(Path.Combine(folder, "adapter_model.safetensors"));
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        file.Write(length);
        file.Write(json);
        file.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(down));
        file.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(up));
        return folder;
    }

    private static JsonObject Entry(int[] shape, int firstElement, int count) => new()
    {
        ["dtype"] = "F32",
        ["shape"] = new JsonArray([.. shape.Select(s => (JsonNode)s)]),
        ["data_offsets"] = new JsonArray(firstElement * 4, (firstElement + count) * 4),
    };

    private static float[] Random(int seed, int count)
    {
        Random random = new(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = (float)(random.NextDouble() - 0.5);
        }

        return values;
    }
}
