namespace Inferometer.ModelFiles.Templates;

/// <summary>
/// The published chat formats. Each is the output of the chat template its models are released with, less the token
/// that begins a text, which the tokenizer adds.
/// </summary>
internal static class ChatFormats
{
    private const string DeepSeekEnd = "<｜end▁of▁sentence｜>";

    public static readonly ChatFormat ChatMl = new()
    {
        Name = "chatml",
        System = new("<|im_start|>system\n", "<|im_end|>\n"),
        User = new("<|im_start|>user\n", "<|im_end|>\n"),
        Assistant = new("<|im_start|>assistant\n", "<|im_end|>\n"),
        GenerationPrompt = "<|im_start|>assistant\n",
    };

    public static readonly ChatFormat Llama3 = new()
    {
        Name = "llama-3",
        System = new("<|start_header_id|>system<|end_header_id|>\n\n", "<|eot_id|>"),
        User = new("<|start_header_id|>user<|end_header_id|>\n\n", "<|eot_id|>"),
        Assistant = new("<|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|>"),
        GenerationPrompt = "<|start_header_id|>assistant<|end_header_id|>\n\n",
        Trimming = ContentTrimming.All,
    };

    private static readonly ChatFormat MistralV7Tekken = new()
    {
        Name = "mistral-v7-tekken",
        System = new("[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]"),
        User = new("[INST]", "[/INST]"),
        Assistant = new("", "</s>"),
    };

    private static readonly ChatFormat MistralV3Tekken = MistralV7Tekken with
    {
        Name = "mistral-v3-tekken",
        System = new("", "\n\n"),
        Placement = SystemPlacement.LastUserTurn,
    };

    private static readonly ChatFormat Zephyr = new()
    {
        Name = "zephyr",
        System = new("<|system|>\n", "</s>\n"),
        User = new("<|user|>\n", "</s>\n"),
        Assistant = new("<|assistant|>\n", "</s>\n"),
        GenerationPrompt = "<|assistant|>\n",
    };

    private static readonly ChatFormat DeepSeek3 = new()
    {
        Name = "deepseek-v3",
        System = new("", ""),
        User = new("<｜User｜>", ""),
        Assistant = new("<｜Assistant｜>", DeepSeekEnd),
        GenerationPrompt = "<｜Assistant｜>",
    };

    /// <summary>Every format, in the order they are listed to users.</summary>
    public static IReadOnlyList<ChatFormat> All { get; } =
    [
        ChatMl,
        ChatMl with { Name = "qwen2", DefaultSystemPrompt = "You are a helpful assistant." },
        ChatMl with { Name = "qwen2.5", DefaultSystemPrompt = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant." },
        ChatMl with { Name = "qwen3", ReasoningEnd = "</think>", TrimsAfterReasoning = true },
        ChatMl with
        {
            Name = "qwen3-thinking",
            GenerationPrompt = "<|im_start|>assistant\n<think>\n",
            ReasoningEnd = "</think>",
            TrimsAfterReasoning = true,
        },
        ChatMl with { Name = "smollm2", DefaultSystemPrompt = "You are a helpful AI assistant named SmolLM, trained by Hugging Face" },
        Llama3,

        // The template's own date, used where the caller gives none.
        Llama3 with
        {
            Name = "llama-3.1",
            System = new("<|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n", "<|eot_id|>"),
            DefaultSystemPrompt = "",
        },
        new()
        {
            Name = "llama-2",
            System = new("<<SYS>>\n", "\n<</SYS>>\n\n"),
            User = new("[INST] ", " [/INST]"),
            Assistant = new(" ", " </s>"),
            BetweenExchanges = "<s>",
            Placement = SystemPlacement.FirstUserTurn,
            Trimming = ContentTrimming.FoldedTurns,
        },
        new()
        {
            Name = "mistral-v1",
            System = new("", "\n\n"),
            User = new("[INST] ", " [/INST]"),
            Assistant = new(" ", "</s>"),
            Placement = SystemPlacement.FirstUserTurn,
        },
        MistralV3Tekken with
        {
            Name = "mistral-v3",
            User = new("[INST] ", "[/INST]"),
            Assistant = new(" ", "</s>"),
            Trimming = ContentTrimming.Assistant,
        },
        MistralV3Tekken,
        MistralV7Tekken with
        {
            Name = "mistral-v7",
            System = new("[SYSTEM_PROMPT] ", "[/SYSTEM_PROMPT]"),
            User = new("[INST] ", "[/INST]"),
            Assistant = new(" ", "</s>"),
        },
        MistralV7Tekken,
        new()
        {
            Name = "gemma",
            System = new("", "\n\n"),
            User = new("<start_of_turn>user\n", "<end_of_turn>\n"),
            Assistant = new("<start_of_turn>model\n", "<end_of_turn>\n"),
            GenerationPrompt = "<start_of_turn>model\n",
            Placement = SystemPlacement.FirstUserTurn,
            Trimming = ContentTrimming.Turns,
        },
        Zephyr with
        {
            Name = "phi-3",
            System = new("<|system|>\n", "<|end|>\n"),
            User = new("<|user|>\n", "<|end|>\n"),
            Assistant = new("<|assistant|>\n", "<|end|>\n"),
        },
        new()
        {
            Name = "phi-4",
            System = new("<|im_start|>system<|im_sep|>", "<|im_end|>"),
            User = new("<|im_start|>user<|im_sep|>", "<|im_end|>"),
            Assistant = new("<|im_start|>assistant<|im_sep|>", "<|im_end|>"),
            GenerationPrompt = "<|im_start|>assistant<|im_sep|>",
        },
        Zephyr,
        DeepSeek3,
        DeepSeek3 with { Name = "deepseek-r1", GenerationPrompt = "<｜Assistant｜><think>\n", ReasoningEnd = "</think>" },
        new()
        {
            Name = "plain",
            System = new("System: ", "\n"),
            User = new("User: ", "\n"),
            Assistant = new("Assistant: ", "\n"),
            GenerationPrompt = "Assistant:",
            Trimming = ContentTrimming.All,
            StopStrings = ["\nUser:", "\nSystem:"],
        },
    ];
}
