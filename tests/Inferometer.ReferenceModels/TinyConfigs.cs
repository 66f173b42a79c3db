using System.Text.Json.Nodes;

namespace Inferometer.ReferenceModels;

/// <summary>
/// config.json of the tiny networks: every number small, none equal to another by accident, so that a swapped width shows.
/// </summary>
public static class TinyConfigs
{
    public static JsonObject Of(string modelType)
    {
        JsonObject config = new()
        {
            ["model_type"] = modelType,
            ["architectures"] = new JsonArray(Class(modelType)),
            ["hidden_size"] = 64,
            ["intermediate_size"] = 96,
            ["num_hidden_layers"] = 3,
            ["num_attention_heads"] = 4,
            ["num_key_value_heads"] = 2,
            ["vocab_size"] = 80,
            ["max_position_embeddings"] = 256,
            ["rms_norm_eps"] = 1e-5,
            ["rope_theta"] = 10000.0,
            ["hidden_act"] = modelType.StartsWith("gemma", StringComparison.Ordinal) ? "gelu_pytorch_tanh" : "silu",
            ["tie_word_embeddings"] = modelType is "gemma" or "gemma2" or "gemma3_text",
            ["torch_dtype"] = "float32",
        };
        foreach ((string key, JsonNode? value) in Own(modelType))
        {
            config[key] = value?.DeepClone();
        }

        return config;
    }

    private static JsonObject Own(string modelType) => modelType switch
    {
        "llama" => new JsonObject { ["attention_bias"] = false, ["mlp_bias"] = false },
        "mistral" => new JsonObject { ["sliding_window"] = 9, ["head_dim"] = 24 },
        "qwen2" => new JsonObject { ["use_sliding_window"] = false, ["sliding_window"] = 16, ["max_window_layers"] = 2 },
        "qwen3" => new JsonObject { ["head_dim"] = 32, ["attention_bias"] = false, ["use_sliding_window"] = false },
        "mixtral" => new JsonObject { ["num_local_experts"] = 6, ["num_experts_per_tok"] = 2 },
        "qwen2_moe" => new JsonObject
        {
            ["num_experts"] = 6,
            ["num_experts_per_tok"] = 3,
            ["moe_intermediate_size"] = 32,
            ["shared_expert_intermediate_size"] = 128,
            ["norm_topk_prob"] = false,
            ["decoder_sparse_step"] = 1,
            ["mlp_only_layers"] = new JsonArray(),
        },
        "qwen3_moe" => new JsonObject
        {
            ["num_experts"] = 5,
            ["num_experts_per_tok"] = 2,
            ["moe_intermediate_size"] = 32,
            ["head_dim"] = 32,
            ["norm_topk_prob"] = true,
            ["decoder_sparse_step"] = 1,
            ["mlp_only_layers"] = new JsonArray(),
        },
        "gemma" => new JsonObject { ["head_dim"] = 24, ["num_key_value_heads"] = 1 },
        "gemma2" => new JsonObject
        {
            ["head_dim"] = 24,
            ["query_pre_attn_scalar"] = 24,
            ["sliding_window"] = 8,
            ["attn_logit_softcapping"] = 5.0,
            ["final_logit_softcapping"] = 3.0,
            ["hidden_activation"] = "gelu_pytorch_tanh",
        },
        "gemma3_text" => new JsonObject
        {
            ["head_dim"] = 24,
            ["query_pre_attn_scalar"] = 24,
            ["sliding_window"] = 8,
            ["sliding_window_pattern"] = 6,
            ["rope_local_base_freq"] = 10000.0,
            ["rope_theta"] = 1000000.0,
            ["num_hidden_layers"] = 7,
            ["hidden_activation"] = "gelu_pytorch_tanh",
        },
        "phi3" => new JsonObject { ["num_key_value_heads"] = 4, ["original_max_position_embeddings"] = 256 },
        _ => throw new ArgumentException($"no tiny configuration for '{modelType}'", nameof(modelType)),
    };

    private static string Class(string modelType) => modelType switch
    {
        "llama" => "LlamaForCausalLM",
        "mistral" => "MistralForCausalLM",
        "mixtral" => "MixtralForCausalLM",
        "qwen2" => "Qwen2ForCausalLM",
        "qwen2_moe" => "Qwen2MoeForCausalLM",
        "qwen3" => "Qwen3ForCausalLM",
        "qwen3_moe" => "Qwen3MoeForCausalLM",
        "gemma" => "GemmaForCausalLM",
        "gemma2" => "Gemma2ForCausalLM",
        "gemma3_text" => "Gemma3ForCausalLM",
        _ => "Phi3ForCausalLM",
    };
}
