using System.Text;
using Inferometer.Core;
using Inferometer.Core.Models.HuggingFace;

namespace Inferometer.ModelFiles.Fuzzing;

/// <summary>A config.json of every known family, in the fields that families have of their own.</summary>
internal static class ConfigSeeds
{
    // Every field by which families differ; a family looks at its own and passes over the others.
    private const string Fields = """
        "hidden_size":64,"intermediate_size":128,"num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":2,"head_dim":16,
        "vocab_size":512,"max_position_embeddings":256,"rms_norm_eps":1e-05,"layer_norm_eps":1e-05,"layer_norm_epsilon":1e-05,
        "norm_epsilon":1e-05,"rope_theta":10000.0,"rope_scaling":{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,
        "high_freq_factor":4.0,"original_max_position_embeddings":64},"hidden_act":"silu","tie_word_embeddings":true,"torch_dtype":"bfloat16",
        "sliding_window":32,"layer_types":["full_attention","full_attention"],"num_experts":8,"num_local_experts":8,"n_routed_experts":8,
        "num_experts_per_tok":2,"n_shared_experts":1,"moe_intermediate_size":64,"first_k_dense_replace":1,"norm_topk_prob":true,
        "q_lora_rank":32,"kv_lora_rank":16,"qk_nope_head_dim":16,"qk_rope_head_dim":8,"v_head_dim":16,"n_group":1,"topk_group":1,
        "routed_scaling_factor":1.0,"n_embd":64,"n_layer":2,"n_head":4,"n_inner":128,"n_positions":256,"activation_function":"gelu_new",
        "linear_num_key_heads":2,"linear_num_value_heads":4,"linear_key_head_dim":16,"linear_value_head_dim":16,"linear_conv_kernel_dim":4,
        "mamba_n_heads":8,"mamba_d_head":16,"mamba_d_state":16,"mamba_n_groups":1,"mamba_d_conv":4,"mamba_expand":2,"conv_L_cache":3,
        "quantization_config":{"quant_method":"fp8","weight_block_size":[128,128]},"architectures":["LlamaForCausalLM"]
        """;

    /// <summary>Those that are sound, and two that wrap one another as models that see images do.</summary>
    public static IReadOnlyList<byte[]> All { get; } = Sound();

    private static byte[][] Sound()
    {
        string[] plain = [.. HuggingFaceConfigReader.KnownModelTypes.Select(type => $"{{\"model_type\":\"{type}\",{Fields}}}")];
        string[] sound = [.. plain.Where(IsSound)];
        string[] wrapped = [.. sound.Take(2).Select(text => $"{{\"model_type\":\"mistral3\",\"text_config\":{text}}}").Where(IsSound)];
        return [.. sound.Concat(wrapped).Select(Encoding.UTF8.GetBytes)];
    }

    private static bool IsSound(string config)
    {
        try
        {
            _ = HuggingFaceConfigReader.Parse(config, "seed");
            return true;
        }
        catch (InferometerException)
        {
            return false; // wants another value of a field that families share
        }
    }
}
