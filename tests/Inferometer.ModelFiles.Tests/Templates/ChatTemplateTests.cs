using Inferometer.Core;
using Inferometer.ModelFiles.Templates;

namespace Inferometer.ModelFiles.Tests.Templates;

/// <summary>Each format against the text its published template gives, the leading begin-of-text token left out.</summary>
public sealed class ChatTemplateTests
{
    private static readonly ChatTurn[] Conversation =
    [
        new(ChatTurn.System, "Be brief."),
        new(ChatTurn.User, "Hi"),
        new(ChatTurn.Assistant, "Hello!"),
        new(ChatTurn.User, "Bye"),
    ];

    public static TheoryData<string, string> Rendered => new()
    {
        { "chatml",
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
                + "<|im_start|>assistant\nHello!<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n" },
        { "llama-2", "[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHi [/INST] Hello! </s><s>[INST] Bye [/INST]" },
        { "llama-3",
            "<|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
                + "<|start_header_id|>assistant<|end_header_id|>\n\nHello!"
                + "<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n" },
        { "mistral-v1", "[INST] Be brief.\n\nHi [/INST] Hello!</s>[INST] Bye [/INST]" },
        { "mistral-v3", "[INST] Hi[/INST] Hello!</s>[INST] Be brief.\n\nBye[/INST]" },
        { "mistral-v3-tekken", "[INST]Hi[/INST]Hello!</s>[INST]Be brief.\n\nBye[/INST]" },
        { "mistral-v7", "[SYSTEM_PROMPT] Be brief.[/SYSTEM_PROMPT][INST] Hi[/INST] Hello!</s>[INST] Bye[/INST]" },
        { "mistral-v7-tekken", "[SYSTEM_PROMPT]Be brief.[/SYSTEM_PROMPT][INST]Hi[/INST]Hello!</s>[INST]Bye[/INST]" },
        { "gemma",
            "<start_of_turn>user\nBe brief.\n\nHi<end_of_turn>\n"
                + "<start_of_turn>model\nHello!<end_of_turn>\n<start_of_turn>user\nBye<end_of_turn>\n<start_of_turn>model\n" },
        { "phi-3",
            "<|system|>\nBe brief.<|end|>\n<|user|>\nHi<|end|>\n<|assistant|>\nHello!<|end|>\n<|user|>\nBye<|end|>\n<|assistant|>\n" },
        { "phi-4",
            "<|im_start|>system<|im_sep|>Be brief.<|im_end|><|im_start|>user<|im_sep|>Hi<|im_end|>"
                + "<|im_start|>assistant<|im_sep|>Hello!<|im_end|><|im_start|>user<|im_sep|>Bye<|im_end|><|im_start|>assistant<|im_sep|>" },
        { "zephyr", "<|system|>\nBe brief.</s>\n<|user|>\nHi</s>\n<|assistant|>\nHello!</s>\n<|user|>\nBye</s>\n<|assistant|>\n" },
        { "deepseek-v3", "Be brief.<｜User｜>Hi<｜Assistant｜>Hello!<｜end▁of▁sentence｜><｜User｜>Bye<｜Assistant｜>" },
        { "plain", "System: Be brief.\nUser: Hi\nAssistant: Hello!\nUser: Bye\nAssistant:" },
    };

    [Theory]
    [MemberData(nameof(Rendered))]
    public void A_conversation_renders_as_published(string name, string expected) =>
        Assert.Equal(expected, ChatTemplate.Get(name).Render(Conversation));

    [Fact]
    public void Without_a_generation_prompt_the_text_ends_with_the_last_turn() =>
        Assert.Equal(
            "<|im_start|>user\nHi<|im_end|>\n", ChatTemplate.Get("chatml").Render([new(ChatTurn.User, "Hi")], addGenerationPrompt: false));

    [Theory]
    [InlineData("llama-3", "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>")]
    [InlineData("gemma", "<start_of_turn>user\nHi<end_of_turn>\n")]
    [InlineData("llama-2", "[INST] Hi [/INST]")]
    [InlineData("chatml", "<|im_start|>user\n Hi\n<|im_end|>\n")]
    [InlineData("mistral-v3", "[INST]  Hi\n[/INST]")]
    public void White_space_around_content_is_kept_or_dropped_as_the_format_says(string name, string expected) =>
        Assert.Equal(expected, ChatTemplate.Get(name).Render([new(ChatTurn.User, " Hi\n")], addGenerationPrompt: false));

    [Fact]
    public void Only_the_plain_format_needs_stop_strings() =>
        Assert.Equal(["plain"], ChatTemplate.Names.Where(name => ChatTemplate.Get(name).StopStrings.Count > 0), StringComparer.Ordinal);

    [Fact]
    public void Errors_name_what_is_wrong()
    {
        string message = Assert.Throws<InferometerException>(() => ChatTemplate.Get("lama-3")).Message;
        Assert.Contains("'lama-3' is not known", message, StringComparison.Ordinal);
        Assert.Contains("Did you mean 'llama-3'", message, StringComparison.Ordinal);
        Assert.Throws<InferometerException>(() => ChatTemplate.Get("gemma").Render([]));
        Assert.Contains(
            "absent.jinja", Assert.Throws<InferometerException>(() => ChatTemplate.Get("absent.jinja")).Message, StringComparison.Ordinal);
    }
}
