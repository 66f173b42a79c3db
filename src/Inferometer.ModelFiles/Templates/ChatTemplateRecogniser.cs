namespace Inferometer.ModelFiles.Templates;

/// <summary>Tells which published format a Jinja chat template produces, by the marks only it writes.</summary>
internal static class ChatTemplateRecogniser
{
    /// <summary>The name of the format, or null when none is recognised.</summary>
    public static string? Recognise(string jinja)
    {
        string squashed = Squash(jinja);
        bool Has(string text) => jinja.Contains(text, StringComparison.Ordinal);
        bool HasSquashed(string text) => squashed.Contains(text, StringComparison.Ordinal);

        return 0 switch
        {
            _ when Has("<|im_start|>") => ChatMl(Has, HasSquashed),
            _ when Has("[SYSTEM_PROMPT]") => Has("[SYSTEM_PROMPT] ") ? "mistral-v7" : "mistral-v7-tekken",
            _ when Has("[INST]") && Has("<<SYS>>") => "llama-2",
            _ when Has("[INST]") => Has(" [/INST]") ? "mistral-v1" : Has("[INST] ") ? "mistral-v3" : "mistral-v3-tekken",
            _ when Has("<start_of_turn>") => "gemma",
            _ when Has("<|start_header_id|>") && Has("<|eot_id|>") => Has("Cutting Knowledge Date") ? "llama-3.1" : "llama-3",
            _ when Has("<｜Assistant｜>") && Has("<｜User｜>") => HasSquashed("<｜Assistant｜><think>") ? "deepseek-r1" : "deepseek-v3",
            _ when Has("<|end|>") && Has("<|assistant|>") => "phi-3",
            _ when HasSquashed("'<|user|>'+message['content']+eos_token") => "zephyr",
            _ => null,
        };
    }

    private static string ChatMl(Func<string, bool> has, Func<string, bool> hasSquashed) => 0 switch
    {
        _ when has("<|im_sep|>") => "phi-4",
        _ when hasSquashed("<|im_start|>assistant<think>") => "qwen3-thinking",
        _ when has("</think>") => "qwen3",
        _ when has("You are Qwen, created by Alibaba Cloud. You are a helpful assistant.") => "qwen2.5",
        _ when has("You are a helpful assistant.") => "qwen2",
        _ when has("You are a helpful AI assistant named SmolLM, trained by Hugging Face") => "smollm2",
        _ => "chatml",
    };

    // Templates differ in line breaks, quotes and spacing where they mean the same.
    private static string Squash(string jinja)
    {
        string unescaped = jinja.Replace("\\n", "", StringComparison.Ordinal).Replace('"', '\'');
        return string.Concat(unescaped.Where(c => !char.IsWhiteSpace(c)));
    }
}
