using Inferometer.Core.Deployments;
using Inferometer.Core.Models;
using Inferometer.Core.Models.HuggingFace;
using Inferometer.Core.Weights;

namespace Inferometer.Core.Tests.Models;

/// <summary>The dialects of quantization_config, on a small model with experts.</summary>
public sealed class QuantizationReaderTests
{
    [Fact]
    public void Block_scales_of_fp8_are_counted()
    {
        ResolvedWeights weights = Resolve("""{"quant_method":"fp8","weight_block_size":[128,128],"activation_scheme":"dynamic"}""");
        ResolvedWeight query = Of(weights, WeightKind.Query);
        Assert.Equal(1 + (4.0 / (128 * 128)), query.BytesPerElement, 12);
        Assert.True(query.QuantizesInputs);
        Assert.Equal("fp8_block", weights.Scheme.Name);
        Assert.All([WeightKind.Router, WeightKind.Norm], kind => Assert.Equal(2, Of(weights, kind).BytesPerElement));
        Assert.Equal(2, weights.Of(null, WeightKind.Head).BytesPerElement);
        Assert.Contains("quantization_config in test", weights.Scheme.Origin, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""["lm_head","model.layers.0.self_attn.q_proj"]""", 1.5)]
    [InlineData("""["self_attn"]""", 2)]
    [InlineData("""["model.layers.*.self_attn*"]""", 2)]
    [InlineData("""["re:.*self_attn.*"]""", 2)]
    [InlineData("""["re:.*self_att$","q_pro","proj"]""", 1)]
    public void Modules_that_are_not_converted_keep_their_type(string modules, double bytes) => Assert.Equal(
        bytes, Of(Resolve($$"""{"quant_method":"fp8","modules_to_not_convert":{{modules}}}"""), WeightKind.Query).BytesPerElement, 0.02);

    [Theory]
    [InlineData("""{"quant_method":"awq","bits":4,"group_size":64,"zero_point":true}""", 4 + (20.0 / 64))]
    [InlineData("""{"quant_method":"awq","w_bit":4,"q_group_size":128,"zero_point":false}""", 4 + (16.0 / 128))]
    [InlineData("""{"quant_method":"gptq","bits":4,"group_size":128,"desc_act":true}""", 4 + (20.0 / 128) + (32.0 / 256))]
    [InlineData("""{"quant_method":"gptq","bits":8,"group_size":-1}""", 8 + (24.0 / 256) + (32.0 / 256))]
    [InlineData("""{"quant_method":"bitsandbytes","load_in_4bit":true,"bnb_4bit_quant_type":"nf4"}""", 4.5)]
    [InlineData("""{"quant_method":"bitsandbytes","load_in_8bit":true}""", 8 + (32.0 / 256))]
    [InlineData("""{"quant_method":"modelopt","quant_algo":"NVFP4","exclude_modules":["lm_head"]}""", 4.5)]
    [InlineData("""{"quant_method":"modelopt","quant_algo":"FP8"}""", 8 + (32.0 / 256))]
    [InlineData("""{"quant_method":"fbgemm_fp8"}""", 8 + (32.0 / 256))]
    public void Bits_and_groups_are_those_of_the_dialect(string config, double bits) =>
        Assert.Equal(bits, 8 * Of(Resolve(config), WeightKind.Query).BytesPerElement, 9);

    [Fact]
    public void Compressed_tensors_name_groups_and_exceptions()
    {
        ResolvedWeights weights = Resolve("""
            {"quant_method":"compressed-tensors","format":"pack-quantized",
             "ignore":["lm_head","re:.*self_attn.*","re:.*shared_experts.*","re:.*mlp\\.(gate|up|gate_up|down)_proj.*"],
             "config_groups":{"group_0":{"targets":["Linear"],"input_activations":null,
               "weights":{"num_bits":4,"type":"int","strategy":"group","group_size":32,"symmetric":true}}},
             "kv_cache_scheme":{"num_bits":8,"type":"float"}}
            """);
        Assert.Equal(4.5 / 8, Of(weights, WeightKind.ExpertUp).BytesPerElement, 9);
        Assert.Equal(2, Of(weights, WeightKind.Query).BytesPerElement);
        Assert.False(Of(weights, WeightKind.ExpertUp).QuantizesInputs);
        ModelArchitecture model = Model("""
            {"quant_method":"compressed-tensors","format":"float-quantized",
             "config_groups":{"g":{"targets":["Linear"],"input_activations":{"num_bits":8},
               "weights":{"num_bits":8,"type":"float","strategy":"channel"}}},
             "kv_cache_scheme":{"num_bits":8,"type":"float"}}
            """);
        Assert.Equal("fp8", model.PublishedKvCache!.Name);
        Assert.True(Of(ResolvedWeights.Of(model, model.PublishedWeights!), WeightKind.Query).QuantizesInputs);
    }

    [Fact]
    public void Only_experts_are_in_mxfp4()
    {
        ResolvedWeights weights = Resolve("""{"quant_method":"mxfp4","modules_to_not_convert":["model.layers.*.self_attn","lm_head"]}""");
        Assert.Equal("mxfp4", Of(weights, WeightKind.ExpertUp).Format.Name);
        Assert.Equal(2, Of(weights, WeightKind.Query).BytesPerElement);
    }

    [Fact]
    public void Mlx_quantises_tables_and_names_single_modules()
    {
        ModelArchitecture model = Parse("""
            "quantization":{"group_size":64,"bits":4,"model.layers.0.self_attn.q_proj":{"group_size":64,"bits":8},"lm_head":false}
            """);
        ResolvedWeights weights = ResolvedWeights.Of(model, model.PublishedWeights!);
        Assert.Equal(4.5 / 8, weights.Of(null, WeightKind.TokenTable).BytesPerElement, 9);
        Assert.Equal(2, weights.Of(null, WeightKind.Head).BytesPerElement);
        Assert.Equal((4.5 + 8.5) / 2 / 8, Of(weights, WeightKind.Query).BytesPerElement, 9);
    }

    [Theory]
    [InlineData("bfloat16", "bf16")]
    [InlineData("float16", "fp16")]
    [InlineData("float32", "fp32")]
    public void Without_it_the_type_of_the_weights_counts(string type, string expected)
    {
        ModelArchitecture model = Parse($"\"torch_dtype\":\"{type}\"");
        Assert.Equal(expected, model.PublishedWeights!.Name);
        Assert.Equal(expected, model.PublishedWeights.Compute.Name);
        Assert.Equal("dtype in test", model.PublishedWeights.Origin);
    }

    [Fact]
    public void An_unknown_method_is_said_and_not_guessed()
    {
        ModelArchitecture model = Model("""{"quant_method":"aqlm","nbits_per_codebook":16}""");
        Assert.Equal("bf16", model.PublishedWeights!.Name);
        Assert.Contains(model.Notes, n => n.Contains("'aqlm'", StringComparison.Ordinal));
    }

    [Fact]
    public void A_broken_pattern_is_refused_by_name()
    {
        ModelArchitecture model = Model("""{"quant_method":"fp8","ignored_layers":["re:(("]}""");
        InferometerException error = Assert.Throws<InferometerException>(() => ResolvedWeights.Of(model, model.PublishedWeights!));
        Assert.Contains("'re:(('", error.Message, StringComparison.Ordinal);
    }

    private static ResolvedWeight Of(ResolvedWeights weights, WeightKind kind) =>
        weights.Of(Model("{\"quant_method\":\"fp8\"}").Layers[0], kind);

    private static ResolvedWeights Resolve(string config)
    {
        ModelArchitecture model = Model(config);
        return ResolvedWeights.Of(model, model.PublishedWeights ?? WeightFormats.Of(Precision.Bf16, "test"));
    }

    private static ModelArchitecture Model(string config) => Parse($"\"torch_dtype\":\"bfloat16\",\"quantization_config\":{config}");

    private static ModelArchitecture Parse(string more) => HuggingFaceConfigReader.Parse(
        $$"""
        {"model_type":"qwen3_moe","hidden_size":256,"num_hidden_layers":2,"num_attention_heads":2,"num_key_value_heads":1,"head_dim":128,
         "vocab_size":1000,"num_experts":4,"num_experts_per_tok":2,"moe_intermediate_size":256,"intermediate_size":256,{{more}}}
        """,
        "test");
}
