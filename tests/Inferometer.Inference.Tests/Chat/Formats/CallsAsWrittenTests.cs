using System.Text;
using System.Text.Json;
using Inferometer.Inference.Chat.Formats;
using Inferometer.Inference.Constraints;
using Inferometer.Inference.Constraints.Decoding;
using Inferometer.Inference.Tests.Constraints;
using Inferometer.Inference.Tests.Sampling;
using Inferometer.ModelFiles.Templates;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.Inference.Tests.Chat.Formats;

/// <summary>Calls told while they are written, and answers that may call but are held to what they call once they begin to.</summary>
public sealed class CallsAsWrittenTests
{
    private const string Hermes = "{{ tools }}<tool_call></tool_call>";
    private const string Coder = "{{ tools }}<tool_call><function=<parameter=";
    private const string Llama = "{{ tools }}ipython parameters";
    private const string Mistral = "{{ tools }}[TOOL_CALLS]";
    private const string Arguments = "{{ tools }}[TOOL_CALLS][ARGS]";
    private const string DeepSeek = "{{ tools }}<｜tool▁calls▁begin｜>```json</think>";
    private const string Kimi = "{{ tools }}<|tool_calls_section_begin|><|tool_call_argument_begin|>";
    private const string Lfm = "{{ tools }}<|tool_list_start|>";
    private const string Granite = "{{ tools }}<|tool_call|><|start_of_role|></think>";
    private const string Command = "{{ tools }}<|START_ACTION|>tool_name<|END_THINKING|>";
    private const string Apertus = "{{ tools }}<|tools_prefix|>";
    private const string Harmony = "{{ tools }}<|start|><|channel|><|message|>";
    private const string One = "{\"city\": \"O\\\"}sl{o\", \"days\": 3}";

    private static readonly Tokenizer Tokenizer = TestVocabulary.Create();

    private static readonly ToolDeclaration[] Tools =
    [
        new("get_weather", "", JsonElement.Parse(
            """{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}},"required":["city","days"]}""")),
        new("now", "", JsonElement.Parse("""{"type":"object","properties":{}}""")),
    ];

    [Theory]
    [InlineData(Hermes, "Hm.\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": " + One + "}\n</tool_call>\n<tool_call>\n"
        + "{\"name\": \"now\", \"arguments\": {}}\n</tool_call>", "get_weather now")]
    [InlineData(Llama, "{\"name\": \"get_weather\", \"parameters\": " + One + "}", "get_weather")]
    [InlineData(Mistral, "[TOOL_CALLS][{\"name\": \"get_weather\", \"arguments\": " + One + ", \"id\": \"abcdefghi\"}, "
        + "{\"name\": \"now\", \"arguments\": {}, \"id\": \"jklmnopqr\"}]", "get_weather now")]
    [InlineData(Arguments, "[TOOL_CALLS]get_weather[ARGS]" + One + "[TOOL_CALLS]now[ARGS]{}", "get_weather now")]
    [InlineData(DeepSeek, "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n```json\n" + One
        + "\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>", "get_weather")]
    [InlineData(Kimi, "<|tool_calls_section_begin|><|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>" + One
        + "<|tool_call_end|><|tool_call_begin|>functions.now:1<|tool_call_argument_begin|>{}<|tool_call_end|>"
        + "<|tool_calls_section_end|>", "get_weather:functions.get_weather:0 now:functions.now:1")]
    [InlineData(Granite, "<|tool_call|>[{\"name\": \"get_weather\", \"arguments\": " + One + "}]", "get_weather")]
    [InlineData(Command, "<|START_ACTION|>[{\"tool_call_id\": \"0\", \"tool_name\": \"get_weather\", \"parameters\": " + One
        + "}]<|END_ACTION|>", "get_weather:0")]
    [InlineData(Apertus, "<|tools_prefix|>[{\"get_weather\": " + One + "}, {\"now\": {}}]<|tools_suffix|>", "get_weather now")]
    [InlineData(Harmony, "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>commentary to=functions.get_weather "
        + "<|constrain|>json<|message|>" + One + "<|call|>", "get_weather")]
    public void A_call_is_told_by_name_then_piece_by_piece_then_whole(string template, string text, string names)
    {
        AnswerReader reader = Reader(template, out _, streamsCalls: true);
        List<AnswerPart> parts = [];
        foreach (char letter in text)
        {
            parts.AddRange(reader.Append(letter.ToString()));
        }

        parts.AddRange(reader.Complete());
        ToolCall[] begun = [.. parts.Where(part => part.Kind == AnswerPartKind.ToolCallStart).Select(part => part.Call!)];
        ToolCall[] whole = [.. parts.Where(part => part.Kind == AnswerPartKind.ToolCall).Select(part => part.Call!)];
        Assert.Equal(names.Split(' ').Select(name => name.Split(':')[0]), whole.Select(call => call.Name));
        Assert.Equal(whole.Select(call => (call.Id, call.Name)), begun.Select(call => (call.Id, call.Name)));
        foreach ((string name, ToolCall call) in names.Split(' ').Zip(whole))
        {
            if (name.Contains(':', StringComparison.Ordinal))
            {
                Assert.Equal(name[(name.IndexOf(':', StringComparison.Ordinal) + 1)..], call.Id);
            }
        }

        StringBuilder[] written = [.. whole.Select(_ => new StringBuilder())];
        int at = -1;
        foreach (AnswerPart part in parts)
        {
            at += part.Kind == AnswerPartKind.ToolCallStart ? 1 : 0;
            if (part.Kind == AnswerPartKind.ToolCallArguments)
            {
                written[at].Append(part.Text);
            }
        }

        Assert.Equal(whole.Select(call => call.Arguments.GetRawText()), written.Select(arguments => arguments.ToString()));
        Assert.True(parts.Count(part => part.Kind == AnswerPartKind.ToolCallArguments) > 20);
        Assert.DoesNotContain(parts, part => part.Kind == AnswerPartKind.Text && part.Text.Contains('{', StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Hermes, "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Os")]
    [InlineData(Harmony, "<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>{\"city\": \"Os")]
    [InlineData(Llama, "{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Os")]
    public void Of_a_call_that_was_cut_short_nothing_is_told_twice(string template, string text)
    {
        AnswerReader reader = Reader(template, out _, streamsCalls: true);
        List<AnswerPart> parts = [.. reader.Append(text)]; // the list is the reader's, and good until the next call
        parts.AddRange(reader.Complete());
        Assert.Equal([AnswerPartKind.ToolCallStart, AnswerPartKind.ToolCallArguments], parts.Select(part => part.Kind));
        Assert.Equal("{\"city\": \"Os", parts[1].Text);
        AnswerReader whole = Reader(template, out _);
        List<AnswerPart> untold = [.. whole.Append(text)];
        untold.AddRange(whole.Complete());
        Assert.All(untold, part => Assert.Equal(AnswerPartKind.Text, part.Kind));
    }

    [Theory]
    [InlineData(Hermes, "<tool_call>", "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Oslo\", \"days\": 3}}\n"
        + "</tool_call>")]
    [InlineData(Coder, "<tool_call>", "<tool_call>\n<function=get_weather>\n<parameter=city>\nOslo\n</parameter>\n<parameter=days>\n3\n"
        + "</parameter>\n</function>\n</tool_call>")]
    [InlineData(Mistral, "[TOOL_CALLS]", "[TOOL_CALLS][{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Oslo\", \"days\": 3}}]")]
    [InlineData(Kimi, "<|tool_calls_section_begin|>", "<|tool_calls_section_begin|><|tool_call_begin|>functions.get_weather:0"
        + "<|tool_call_argument_begin|>{\"city\": \"Oslo\", \"days\": 3}<|tool_call_end|><|tool_calls_section_end|>")]
    [InlineData(Lfm, "<|tool_call_start|>", "<|tool_call_start|>[get_weather(city=\"Oslo\", days=3)]<|tool_call_end|>")]
    [InlineData(Apertus, "<|tools_prefix|>", "<|tools_prefix|>[{\"get_weather\": {\"city\": \"Oslo\", \"days\": 3}}]<|tools_suffix|>")]
    public void Text_is_free_and_a_call_that_begins_is_held_to_its_schema(string template, string mark, string call)
    {
        Sampled sampled = MayCall(template);
        string[] taken =
        [
            "", "It rains in Oslo, 3 days.", "a < b and [ more ] than <tool or <|tool| {\"name\": 5}", mark[..^1], mark[..^1] + mark[..^1],
            call, "Let me look. " + call, mark[..1] + call,
        ];
        Assert.All(taken, text => Assert.True(Takes(sampled, text), text));
        string[] refused =
        [
            mark, "a " + mark + " is how a call begins", call.Replace("3", "three", StringComparison.Ordinal),
            call.Replace("get_weather", "get_whether", StringComparison.Ordinal),
            call.Replace("city", "town", StringComparison.Ordinal), call + " And so on.",
        ];
        Assert.All(refused, text => Assert.False(Takes(sampled, text), text));
    }

    [Fact]
    public void Messages_on_channels_are_free_and_a_call_among_them_is_held_to_its_schema()
    {
        Sampled sampled = MayCall(Harmony);
        const string Note = "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant";
        const string Call = "<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>";
        Assert.True(Takes(sampled, Note + Note + "<|channel|>final<|message|>It rains."));
        Assert.True(Takes(sampled, Note + Call + "{\"city\": \"Oslo\", \"days\": 3}"));
        Assert.False(Takes(sampled, Note + Call + "{\"city\": \"Oslo\", \"days\": \"3\"}"));
        Assert.False(Takes(sampled, Call.Replace("weather", "whether", StringComparison.Ordinal) + "{}"));
    }

    [Fact]
    public void Where_the_beginning_of_a_call_is_not_marked_nothing_is_held()
    {
        _ = Reader(Llama, out ChatFormat format);
        Assert.False(format.MarksCalls);
        Assert.Null(format.MayCallFor(Prompt(Llama), Tools, many: true));
    }

    [Fact]
    public void A_tool_whose_schema_cannot_be_held_to_may_be_called_with_any_object()
    {
        _ = Reader(Hermes, out ChatFormat format);
        ToolDeclaration odd = new("odd", "", JsonElement.Parse("""{"type":"object","properties":{"a":{"unevaluatedItems":false}}}"""));
        Sampled sampled = new(format.MayCallFor(Prompt(Hermes), [odd, Tools[0]], many: false)!);
        Assert.True(Takes(sampled, "<tool_call>{\"name\": \"odd\", \"arguments\": {\"b\": [1]}}</tool_call>"));
        Assert.False(Takes(sampled, "<tool_call>{\"name\": \"get_weather\", \"arguments\": {\"b\": [1]}}</tool_call>"));
    }

    private static AnswerReader Reader(string template, out ChatFormat format, bool streamsCalls = false)
    {
        format = ChatFormat.For(ChatTemplate.Parse(template, "test template", Tokenizer), Tokenizer);
        return new AnswerReader(format, "", Tools, streamsCalls);
    }

    private static Sampled MayCall(string template)
    {
        _ = Reader(template, out ChatFormat format);
        Assert.True(format.MarksCalls);
        OutputConstraint constraint = Assert.IsType<OutputConstraint>(AnswerGrammar.MayCall(format, "", Tools, many: true, []));
        return new Sampled(constraint);
    }

    private static RenderedPrompt Prompt(string template) => ChatTemplate.Parse(template, "test template", Tokenizer)
        .Render(new ChatPrompt { Turns = [new(ChatTurn.User, "Weather?")] }, Tokenizer);

    private static bool Takes(Sampled sampled, string text)
    {
        Configuration place = sampled.Start;
        foreach (byte value in Encoding.UTF8.GetBytes(text))
        {
            int token = TestVocabulary.Byte((char)value);
            if ((sampled.Machine.MaskOf(place).Bits[token >> 6] >> (token & 63) & 1) == 0)
            {
                return false;
            }

            place = sampled.Machine.Advance(place, token);
        }

        return place.IsComplete;
    }
}
