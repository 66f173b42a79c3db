using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Conversion;
using Inferometer.ModelFiles.Formats;
using Inferometer.ReferenceModels;
using Inferometer.Tests;

namespace Inferometer.Cpu.Tests.Execution;

/// <summary>What is written of layers with a state is what llama.cpp's converter writes: names, extents, signs and orders.</summary>
public sealed class StateFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Granite_hybrid()
    {
        FamilyModel tiny = new(FamilySpecs.All["granitemoehybrid"]);
        using GgufModelFile file = Convert(tiny.WriteFolder(_folder), makesTokenizer: true);
        const int Heads = FamilySpec.MambaHeads, Inner = Heads * FamilySpec.MambaWidth, Groups = FamilySpec.MambaGroups;
        const int Channels = Inner + (2 * Groups * FamilySpec.MambaState);
        Holds(file, "blk.0.ssm_a", [Heads, 1], [.. tiny.Weights["model.layers.0.mamba.A_log"].Data.Select(value => -MathF.Exp(value))]);
        Holds(file, "blk.0.ssm_d", [Heads, 1], tiny.Weights["model.layers.0.mamba.D"].Data);
        Holds(file, "blk.0.ssm_dt.bias", [Heads], tiny.Weights["model.layers.0.mamba.dt_bias"].Data);
        Holds(file, "blk.0.ssm_conv1d.weight", [Channels, FamilySpec.Taps], tiny.Weights["model.layers.0.mamba.conv1d.weight"].Data);
        Holds(file, "blk.0.ssm_conv1d.bias", [Channels], tiny.Weights["model.layers.0.mamba.conv1d.bias"].Data);
        Holds(file, "blk.0.ssm_norm.weight", [Groups, Inner / Groups], tiny.Weights["model.layers.0.mamba.norm.weight"].Data);
        Assert.Equal("granitehybrid", file.Header.Architecture);
        Assert.Equal([0L, 0, 2, 0], file.Header.Metadata["granitehybrid.attention.head_count_kv"].AsInt64s()!);
        Assert.False(file.Header.GetBool("granitehybrid.rope.scaling.finetuned", true));
        Assert.Equal(Inner, file.Header.GetInt64("granitehybrid.ssm.inner_size"));
    }

    [Fact]
    public void Short_convolutions()
    {
        FamilyModel tiny = new(FamilySpecs.All["lfm2"]);
        using GgufModelFile file = Convert(tiny.WriteFolder(_folder), makesTokenizer: true);
        float[] taps = tiny.Weights["model.layers.0.conv.conv.weight"].Data;
        Holds(file, "blk.0.shortconv.conv.weight", [FamilySpec.Hidden, FamilySpec.Taps], taps);
        Holds(file, "token_embd_norm.weight", [FamilySpec.Hidden], tiny.Weights["model.embedding_norm.weight"].Data);
        Assert.Equal(FamilySpec.Taps, file.Header.GetInt64("lfm2.shortconv.l_cache"));
    }

    [Fact]
    public void Qwen3_Next_keeps_what_its_checkpoint_fuses()
    {
        string folder = Stored("qwen3_next");
        using GgufModelFile file = Convert(folder, makesTokenizer: false);
        using SafetensorsModel source = SafetensorsModel.Open(folder);
        int attention = Enumerable.Range(0, 4).First(layer => source.TryGetTensor($"model.layers.{layer}.self_attn.q_proj.weight", out _));
        Same(file, $"blk.{attention}.attn_q.weight", source, $"model.layers.{attention}.self_attn.q_proj.weight");
        Same(file, "blk.0.ssm_ba.weight", source, "model.layers.0.linear_attn.in_proj_ba.weight");
        Assert.True(source.TryGetTensor("model.layers.0.input_layernorm.weight", out ModelTensor? norm));
        Holds(file, "blk.0.attn_norm.weight", [norm.ElementCount], [.. norm.DecodeAll().Select(value => value + 1)]);
        Assert.True(file.TryGetTensor("blk.0.post_attention_norm.weight", out _));
    }

    [Fact]
    public void Qwen3_5_has_its_value_heads_in_turn()
    {
        string folder = Stored("qwen3_5_text");
        using GgufModelFile file = Convert(folder, makesTokenizer: false);
        using SafetensorsModel source = SafetensorsModel.Open(folder);
        int[] order = [0, 2, 1, 3]; // two key heads with two value heads each
        Assert.True(source.TryGetTensor("model.layers.0.linear_attn.A_log", out ModelTensor? rates));
        float[] logarithms = rates.DecodeAll();
        Holds(file, "blk.0.ssm_a", [4], [.. order.Select(head => -MathF.Exp(logarithms[head]))]);
        Assert.True(source.TryGetTensor("model.layers.0.linear_attn.out_proj.weight", out ModelTensor? output));
        float[] values = output.DecodeAll();
        Holds(
            file, "blk.0.ssm_out.weight", [.. output.Shape],
            [.. Enumerable.Range(0, values.Length).Select(i => values[(i / 64 * 64) + (order[i % 64 / 16] * 16) + (i % 16)])]);
    }

    private static void Holds(GgufModelFile file, string name, long[] shape, float[] values)
    {
        Assert.True(file.TryGetTensor(name, out ModelTensor? tensor), name);
        Assert.Equal(shape, tensor.Shape);
        Assert.Equal(values, tensor.DecodeAll());
    }

    private static void Same(GgufModelFile file, string name, SafetensorsModel source, string stored)
    {
        Assert.True(source.TryGetTensor(stored, out ModelTensor? tensor), stored);
        Holds(file, name, [.. tensor.Shape], tensor.DecodeAll());
    }

    private string Stored(string family)
    {
        string folder = _folder.Create(family), tokenizer = SharedFolder.Require("models/stories260k");
        string[] files =
            [.. Directory.EnumerateFiles(SharedFolder.Require("reference/hf_tiny/" + family)), Path.Combine(tokenizer, "tokenizer.json")];
        foreach (string file in files)
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        return folder;
    }

    private GgufModelFile Convert(string folder, bool makesTokenizer)
    {
        if (makesTokenizer)
        {
            PublishedFamilyTests.WriteTokenizer(folder);
        }

        string gguf = _folder.File("model.gguf");
        ModelConverter.Convert(folder, gguf, GgmlType.F32, null, TestContext.Current.CancellationToken);
        return GgufModelFile.Open(GgufHeader.Read(gguf));
    }
}
