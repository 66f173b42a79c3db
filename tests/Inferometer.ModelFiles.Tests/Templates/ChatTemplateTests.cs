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
        { "chatml", "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello!<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n" },
        { "qwen3-thinking", "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello!<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n<think>\n" },
        { "llama-2", "[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHi [/INST] Hello! </s><s>[INST] Bye [/INST]" },
        { "llama-3", "<|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nHello!<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n" },
        { "llama-3.1", "<|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nHello!<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n" },
        { "mistral-v1", "[INST] Be brief.\n\nHi [/INST] Hello!</s>[INST] Bye [/INST]" },
        { "mistral-v3", "[INST] Hi[/INST] Hello!</s>[INST] Be brief.\n\nBye[/INST]" },
        { "mistral-v3-tekken", "[INST]Hi[/INST]Hello!</s>[INST]Be brief.\n\nBye[/INST]" },
        { "mistral-v7", "[SYSTEM_PROMPT] Be brief.[/SYSTEM_PROMPT][INST] Hi[/INST] Hello!</s>[INST] Bye[/INST]" },
        { "mistral-v7-tekken", "[SYSTEM_PROMPT]Be brief.[/SYSTEM_PROMPT][INST]Hi[/INST]Hello!</s>[INST]Bye[/INST]" },
        { "gemma", "<start_of_turn>user\nBe brief.\n\nHi<end_of_turn>\n<start_of_turn>model\nHello!<end_of_turn>\n<start_of_turn>user\nBye<end_of_turn>\n<start_of_turn>model\n" },
        { "phi-3", "<|system|>\nBe brief.<|end|>\n<|user|>\nHi<|end|>\n<|assistant|>\nHello!<|end|>\n<|user|>\nBye<|end|>\n<|assistant|>\n" },
        { "phi-4", "<|im_start|>system<|im_sep|>Be brief.<|im_end|><|im_start|>user<|im_sep|>Hi<|im_end|><|im_start|>assistant<|im_sep|>Hello!<|im_end|><|im_start|>user<|im_sep|>Bye<|im_end|><|im_start|>assistant<|im_sep|>" },
        { "zephyr", "<|system|>\nBe brief.</s>\n<|user|>\nHi</s>\n<|assistant|>\nHello!</s>\n<|user|>\nBye</s>\n<|assistant|>\n" },
        { "deepseek-v3", "Be brief.<｜User｜>Hi<｜Assistant｜>Hello!<｜end▁of▁sentence｜><｜User｜>Bye<｜Assistant｜>" },
        { "deepseek-r1", "Be brief.<｜User｜>Hi<｜Assistant｜>Hello!<｜end▁of▁sentence｜><｜User｜>Bye<｜Assistant｜><think>\n" },
        { "plain", "System: Be brief.\nUser: Hi\nAssistant: Hello!\nUser: Bye\nAssistant:" },
    };

    public static TheoryData<string, string> Templates => new()
    {
        { "chatml", "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}" },
        { "qwen2", "{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}{% endif %}" },
        { "qwen2.5", "{{- '<|im_start|>system\\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\\n' }}" },
        { "qwen3", "{%- set content = content.split('</think>')[-1].lstrip('\\n') %}{{- '<|im_start|>assistant\\n' }}{{- '<think>\\n\\n</think>\\n\\n' }}" },
        { "qwen3-thinking", "{%- set content = content.split('</think>')[-1] %}{{- '<|im_start|>assistant\\n<think>\\n' }}" },
        { "llama-2", "{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}" },
        { "llama-3", "{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}" },
        { "llama-3.1", "{{- \"<|start_header_id|>system<|end_header_id|>\\n\\n\" }}{{- \"Cutting Knowledge Date: December 2023\\n\" }}{{- \"<|eot_id|>\" }}" },
        { "mistral-v1", "{{ bos_token }}{{ '[INST] ' + message['content'] + ' [/INST]' }}{{ message['content'] + eos_token}}" },
        { "mistral-v1", "{{- \" [INST] \" + system_message + \"\\n\\n\" + message[\"content\"] + \" [/INST]\" }}" },
        { "mistral-v3", "{{- \"[AVAILABLE_TOOLS] [\" }}{{- \"[INST] \" + message[\"content\"] + \"[/INST]\" }}" },
        { "mistral-v3-tekken", "{{- \"[AVAILABLE_TOOLS][\" }}{{- \"[INST]\" + message[\"content\"] + \"[/INST]\" }}" },
        { "mistral-v7", "{{- \"[SYSTEM_PROMPT] \" + system_message + \"[/SYSTEM_PROMPT]\" }}{{- \"[INST] \" }}" },
        { "mistral-v7-tekken", "{{- '[SYSTEM_PROMPT]' + system_message + '[/SYSTEM_PROMPT]' }}{{- '[INST]' }}" },
        { "gemma", "{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}" },
        { "phi-3", "{{'<|user|>' + '\n' + message['content'] + '<|end|>' + '\n' + '<|assistant|>' + '\n'}}" },
        { "phi-4", "{{'<|im_start|>user<|im_sep|>' + message['content'] + '<|im_end|>'}}" },
        { "zephyr", "{% if message['role'] == 'user' %}\n{{ '<|user|>\n' + message['content'] + eos_token }}\n{% elif message['role'] == 'assistant' %}" },
        { "deepseek-v3", "{{'<｜User｜>' + message['content']}}{{'<｜Assistant｜>'}}" },
        { "deepseek-r1", "{{'<｜User｜>' + message['content']}}{{'<｜Assistant｜><think>\\n'}}" },
    };

    [Theory]
    [MemberData(nameof(Rendered))]
    public void A_conversation_renders_as_published(string name, string expected) =>
        Assert.Equal(expected, ChatTemplate.Get(name).Render(Conversation));

    [Theory]
    [MemberData(nameof(Templates))]
    public void A_template_is_told_by_its_marks(string name, string jinja) => Assert.Equal(name, ChatTemplate.Recognise(jinja)?.Name);

    [Fact]
    public void A_foreign_template_is_not_recognised()
    {
        Assert.Null(ChatTemplate.Recognise("{{ messages[0].content }}"));
        Assert.Null(ChatTemplate.Recognise("{{ '<|user|>\n' + message['content'] + '\n' }}{{ '<|assistant|>\n' + message['content'] + eos_token }}"));
    }

    [Fact]
    public void Without_a_generation_prompt_the_text_ends_with_the_last_turn() =>
        Assert.Equal("<|im_start|>user\nHi<|im_end|>\n", ChatTemplate.Get("chatml").Render([new(ChatTurn.User, "Hi")], addGenerationPrompt: false));

    [Theory]
    [InlineData("qwen2", "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")]
    [InlineData("chatml", "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")]
    [InlineData("llama-3.1", "<|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n")]
    [InlineData("llama-2", "[INST] Hi [/INST]")]
    [InlineData("gemma", "<start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\n")]
    public void A_conversation_without_system_prompt_gets_the_formats_own(string name, string expected) =>
        Assert.Equal(expected, ChatTemplate.Get(name).Render([new(ChatTurn.User, "Hi")]));

    [Theory]
    [InlineData("llama-3", "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>")]
    [InlineData("gemma", "<start_of_turn>user\nHi<end_of_turn>\n")]
    [InlineData("llama-2", "[INST] Hi [/INST]")]
    [InlineData("chatml", "<|im_start|>user\n Hi\n<|im_end|>\n")]
    [InlineData("mistral-v3", "[INST]  Hi\n[/INST]")]
    public void White_space_around_content_is_kept_or_dropped_as_the_format_says(string name, string expected) =>
        Assert.Equal(expected, ChatTemplate.Get(name).Render([new(ChatTurn.User, " Hi\n")], addGenerationPrompt: false));

    [Theory]
    [InlineData("qwen3", "<|im_start|>assistant\nYes.<|im_end|>\n")]
    [InlineData("chatml", "<|im_start|>assistant\n<think>hm</think>\n\nYes.<|im_end|>\n")]
    [InlineData("deepseek-r1", "<｜Assistant｜>\n\nYes.<｜end▁of▁sentence｜>")]
    public void Reasoning_of_earlier_answers_is_dropped_where_the_format_says(string name, string expected) =>
        Assert.Equal(expected, ChatTemplate.Get(name).Render([new(ChatTurn.Assistant, "<think>hm</think>\n\nYes.")], addGenerationPrompt: false));

    [Fact]
    public void Only_the_plain_format_needs_stop_strings() =>
        Assert.Equal(["plain"], ChatTemplate.Names.Where(name => ChatTemplate.Get(name).StopStrings.Count > 0), StringComparer.Ordinal);

    [Fact]
    public void Errors_name_what_is_wrong()
    {
        string message = Assert.Throws<InferometerException>(() => ChatTemplate.Get("lama-3")).Message;
        Assert.Contains("'lama-3' is not known", message, StringComparison.Ordinal);
        Assert.Contains("Did you mean 'llama-3'", message, StringComparison.Ordinal);
        ChatTemplate gemma = ChatTemplate.Get("gemma");
        Assert.Throws<InferometerException>(() => gemma.Render([]));
        Assert.Throws<InferometerException>(() => gemma.Render([new("tool", "x")]));
        Assert.Throws<InferometerException>(() => gemma.Render([new(ChatTurn.User, "x"), new(ChatTurn.System, "y")]));
        Assert.Throws<InferometerException>(() => gemma.Render([new(ChatTurn.System, "y"), new(ChatTurn.Assistant, "x")]));
    }
}
