using System.Text.Json;
using Inferometer.Inference.Chat.Formats;
using Inferometer.Inference.Tests.Sampling;
using Inferometer.ModelFiles.Templates;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.Tests;

namespace Inferometer.Inference.Tests.Chat.Formats;

/// <summary>
/// Calls as published templates write them are read back. The templates are llama.cpp's, which benchmarks/peer/templates.mjs installs;
/// without them the tests skip.
/// </summary>
public sealed class PublishedTemplateTests
{
    private static readonly string Folder =
        Path.Combine(SharedFolder.RepositoryRoot, "benchmarks", "peer", ".peer", "templates", "llama.cpp", "models", "templates");

    private static readonly Tokenizer Tokenizer = TestVocabulary.Create();

    // jinja2 itself refuses them: Kimi's change lists, which its sandbox forbids, the other writes a generator as JSON.
    private static readonly string[] Refused = ["Kimi-K2-Instruct.jinja", "Kimi-K2-Thinking.jinja", "llama-cpp-deepseek-r1.jinja"];

    public static TheoryData<string> Templates => Directory.Exists(Folder)
        ? [.. Directory.GetFiles(Folder, "*.jinja").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)] : [""];

    [Theory]
    [MemberData(nameof(Templates))]
    public void Calls_that_a_template_writes_are_read_back(string file)
    {
        Assert.SkipWhen(file.Length == 0, "llama.cpp's templates are not here; 'node benchmarks/peer/templates.mjs' installs them");
        ChatTemplate template = ChatTemplate.Parse(File.ReadAllText(Path.Combine(Folder, file)), file, Tokenizer);
        ChatFormat format = ChatFormat.For(template, Tokenizer);
        Assert.SkipUnless(format.TakesTools, "the template writes no tools");
        Assert.SkipWhen(Refused.Contains(file, StringComparer.Ordinal), "the template fails in jinja2 too");
        List<ToolCall> calls = Read(template, format, out string answer);
        Assert.SkipUnless(answer.Contains("get_weather", StringComparison.Ordinal), "the template writes no earlier calls");
        Assert.True(calls.Count == 1 && string.Equals(calls[0].Name, "get_weather", StringComparison.Ordinal)
            && JsonElement.DeepEquals(calls[0].Arguments, Arguments), $"{format.ToolCalls}: {answer}");
    }

    private static readonly JsonElement Arguments = JsonElement.Parse("""{"city":"Oslo","days":3}""");

    private static List<ToolCall> Read(ChatTemplate template, ChatFormat format, out string answer)
    {
        string arguments = format.TakesArgumentsAsText ? "\"{\\\"city\\\": \\\"Oslo\\\", \\\"days\\\": 3}\"" : Arguments.GetRawText();
        JsonElement members = JsonElement.Parse(
            $$$"""{"tool_calls":[{"id":"abcdefghi","type":"function","function":{"name":"get_weather","arguments":{{{arguments}}}}}]}""");
        JsonElement parameters = JsonElement.Parse(
            """{"type":"object","properties":{"city":{"type":"string","description":"Where"},"days":{"type":"integer","description":"How many"}},"required":["city"]}""");
        ToolDeclaration tool = new("get_weather", "The weather", parameters);
        ChatPrompt ask = new()
        {
            Turns = [new(ChatTurn.User, "gulls?")],
            Tools = JsonElement.Parse(
                $$$"""[{"type":"function","function":{"name":"get_weather","description":"The weather","parameters":{{{parameters.GetRawText()}}}}}]"""),
        };
        string prompt = template.Render(ask);
        string whole = template.Render(ask with
        {
            Turns = [.. ask.Turns, new ChatTurn(ChatTurn.Assistant, "") { Members = members }],
            AddGenerationPrompt = false
        });
        int shared = whole.AsSpan().CommonPrefixLength(prompt);
        if (shared < prompt.Length)
        {
            shared = prompt.LastIndexOf('<', shared - 1); // not in the middle of a mark
        }

        answer = whole[shared..];
        prompt = prompt[..shared];

        // An engine stops at the token that ends a turn and does not give it out.
        foreach (string end in (string[])["</s>", "<|eot_id|>", "<|end_of_text|>"])
        {
            answer = answer.TrimEnd().EndsWith(end, StringComparison.Ordinal) ? answer.TrimEnd()[..^end.Length] : answer;
        }

        AnswerReader reader = new(format, prompt, [tool]);
        List<ToolCall> calls = [];
        foreach (char letter in answer)
        {
            calls.AddRange(reader.Append(letter.ToString()).Select(part => part.Call).OfType<ToolCall>());
        }

        calls.AddRange(reader.Complete().Select(part => part.Call).OfType<ToolCall>());
        return calls;
    }
}
