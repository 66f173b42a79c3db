using System.Text.Json.Nodes;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Weights;
using Inferometer.ReferenceModels;

namespace Inferometer.Cpu.Tests.Execution;

/// <summary>Every family on tiny random weights against the double-precision reference, from both formats.</summary>
public sealed class FamilyTests
{
    private static readonly int[] Tokens = [.. Enumerable.Range(0, 40).Select(i => ((i * 37) + (i * i * 5) + 11) % 80)];

    public static TheoryData<string> Families =>
        ["llama", "mistral", "qwen2", "qwen3", "mixtral", "qwen2_moe", "qwen3_moe", "gemma", "gemma2", "gemma3_text", "phi3"];

    public static TheoryData<string, string> Variants => new()
    {
        { "llama", """{"tie_word_embeddings":true}""" },
        { "llama", """{"num_key_value_heads":1,"head_dim":24}""" },
        { "llama", """{"num_attention_heads":5,"num_key_value_heads":5,"hidden_size":80}""" },
        { "llama", """{"rope_scaling":{"rope_type":"linear","factor":4.0}}""" },
        { "llama", """{"rope_theta":500000.0,"rope_scaling":{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":64}}""" },
        { "qwen2", """{"rope_scaling":{"rope_type":"yarn","factor":4.0,"original_max_position_embeddings":64}}""" },
        { "phi3", """{"original_max_position_embeddings":16,"rope_scaling":{"type":"longrope","short_factor":[1,1.1,1.2,1.3,1.4,1.5,1.6,1.7],"long_factor":[1,2,3,4,5,6,7,8]}}""" },
        { "phi3", """{"partial_rotary_factor":0.75,"num_key_value_heads":2}""" },
        { "qwen3_moe", """{"norm_topk_prob":true,"num_experts_per_tok":5}""" },
        { "gemma3_text", """{"rope_scaling":{"rope_type":"linear","factor":8.0}}""" },
    };

    [Theory]
    [MemberData(nameof(Families))]
    public void Logits_from_a_folder_match_the_reference(string family) => Check(TinyModel.Create(family), gguf: false);

    [Theory]
    [MemberData(nameof(Families))]
    public void Logits_from_a_GGUF_file_match_the_reference(string family) => Check(TinyModel.Create(family), gguf: true);

    [Theory]
    [MemberData(nameof(Variants))]
    public void Logits_of_a_variant_from_a_folder_match_the_reference(string family, string changes) =>
        Check(TinyModel.Create(family, JsonNode.Parse(changes)!.AsObject()), gguf: false);

    [Theory]
    [MemberData(nameof(Variants))]
    public void Logits_of_a_variant_from_a_GGUF_file_match_the_reference(string family, string changes) =>
        Check(TinyModel.Create(family, JsonNode.Parse(changes)!.AsObject()), gguf: true);

    [Fact]
    public void Dynamic_scaling_takes_its_base_from_the_context_it_is_loaded_for()
    {
        TinyModel tiny = TinyModel.Create(
            "llama", JsonNode.Parse("""{"max_position_embeddings":20,"rope_scaling":{"rope_type":"dynamic","factor":3.0}}""")!.AsObject());
        Check(tiny, gguf: false, contextTokens: Tokens.Length);
    }

    [Theory]
    [InlineData("qwen3", """{"sliding_window":7,"use_sliding_window":true,"max_window_layers":1}""")]
    [InlineData("gemma2", """{"query_pre_attn_scalar":32}""")]
    [InlineData("qwen3_moe", """{"decoder_sparse_step":2}""")]
    public void What_only_config_json_can_say_is_honoured(string family, string changes) =>
        Check(TinyModel.Create(family, JsonNode.Parse(changes)!.AsObject()), gguf: false);

    private static void Check(TinyModel tiny, bool gguf, int contextTokens = 0)
    {
        using TemporaryFolder folder = new();
        string path = gguf ? tiny.WriteGguf(folder) : tiny.WriteFolder(folder);
        using TransformerModel model = TransformerModel.Load(
            path, new LoadOptions { Threads = 2, ContextTokens = contextTokens }, null, TestContext.Current.CancellationToken);
        using SequenceRunner runner = new(model, Tokens.Length);
        float[][] logits = runner.Run(Tokens);
        double[][] expected = tiny.Reference.Logits(Tokens);
        for (int t = 0; t < Tokens.Length; t++)
        {
            double difference = expected[t].Zip(logits[t], (a, b) => Math.Abs(a - b)).Max();
            Assert.True(difference < 1e-3, $"token {t}: logits differ by {difference}");
        }
    }
}
