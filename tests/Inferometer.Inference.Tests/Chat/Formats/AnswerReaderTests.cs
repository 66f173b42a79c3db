using System.Text;
using System.Text.Json;
using Inferometer.Inference.Chat.Formats;
using Inferometer.Inference.Tests.Sampling;
using Inferometer.ModelFiles.Templates;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.Inference.Tests.Chat.Formats;

/// <summary>Answers as models write them, taken apart letter by letter and at once: kind and text of each part, calls as JSON.</summary>
public sealed class AnswerReaderTests
{
    private static readonly Tokenizer Tokenizer = TestVocabulary.Create();

    private static readonly ToolDeclaration[] Tools =
    [
        new("get_weather", "", JsonElement.Parse("""{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}}}""")),
        new("now", "", JsonElement.Parse("""{"type":"object","properties":{}}""")),
    ];

    private const string Hermes = "{{ tools }}<tool_call></tool_call>";
    private const string Thinking = "{{ tools }}<think></think><tool_call></tool_call>";
    private const string Coder = "{{ tools }}<tool_call><function=<parameter=";
    private const string Glm = "{{ tools }}<tool_call><arg_key><arg_value></think>";
    private const string Llama = "{{ tools }}ipython parameters";
    private const string Mistral = "{{ tools }}[TOOL_CALLS]";
    private const string Arguments = "{{ tools }}[TOOL_CALLS][ARGS]";
    private const string DeepSeek = "{{ tools }}<｜tool▁calls▁begin｜>```json</think>";
    private const string DeepSeek31 = "{{ tools }}<｜tool▁calls▁begin｜></think>";
    private const string Kimi = "{{ tools }}<|tool_calls_section_begin|><|tool_call_argument_begin|>";
    private const string MiniMax = "{{ tools }}<minimax:tool_call></think>";
    private const string Seed = "{{ tools }}<seed:tool_call></seed:think>";
    private const string Lfm = "{{ tools }}<|tool_list_start|>";
    private const string Granite = "{{ tools }}<|tool_call|><|start_of_role|></think>";
    private const string Phi = "{{ tools }}<|tool|><|/tool|>";
    private const string Command = "{{ tools }}<|START_ACTION|>tool_name<|END_THINKING|>";
    private const string Gemma = "{{ tools }}<|tool_call>call:<channel|>";
    private const string FunctionGemma = "{{ tools }}<start_function_call>";
    private const string KimiK3 = "{{ tools }}<|open|><|sep|>open_tag('call' open_tag('think'";
    private const string MiniMaxM3 = "{{ tools }}]<]minimax[>[<invoke name=</mm:think>";
    private const string Functionary = "{{ tools }}>>>${recipient} >>>all";
    private const string Muse = "{{ tools }}<atem:function_calls><|message|>";
    private const string Olmo = "{{ tools }}<function_calls>pythonic";
    private const string Pythonic = "{{ tools }}[func_name1(";
    private const string GigaChat = "{{ tools }}function call<|role_sep|>";
    private const string InternLm = "{{ tools }}<|action_start|><|plugin|>";
    private const string Harmony = "{{ tools }}<|start|><|channel|><|message|>";
    private const string Oslo = """get_weather({"city":"Oslo","days":3})""";

    public static TheoryData<string, string, string> Answers => new()
    {
        { Hermes, "Hello there.", "Hello there." },
        { Hermes, "Let me look.\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Oslo\", \"days\": 3}}\n</t"
            + "ool_call>", "Let me look.|" + Oslo },
        { Hermes, "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>\n<tool_call>{\"name\":\"get_weather\",\"arg"
            + "uments\":{\"city\":\"Oslo\",\"days\":3}}</tool_call>", "now({})|" + Oslo },
        { Hermes, "<tool_call>{\"name\":\"now\",\"arguments\":{\"a\":\"</tool_call>\"}}</tool_call>", "now({\"a\":\"</tool_call>"
            + "\"})" },
        { Hermes, "<tool_call>{\"name\": broken}</tool_call> sorry", "<tool_call>{\"name\": broken}</tool_call> sorry" },
        { Hermes, "a < b and <tool_cal", "a < b and <tool_cal" },
        { Thinking, "<think>\nHm, Oslo.\n</think>\n\nIt rains.", "(Hm, Oslo.)|It rains." },
        { Thinking, "<think>never ends", "(never ends)" },
        { Thinking, "<think>x</think><tool_call>{\"name\":\"now\",\"arguments\":\"{}\"}</tool_call>", "(x)|now({})" },
        { Coder, "<tool_call>\n<function=get_weather>\n<parameter=city>\nOslo\n</parameter>\n<parameter=days>\n3\n</parameter>\n"
            + "</function>\n</tool_call>", Oslo },
        { Glm, "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Oslo</arg_value>\n<arg_key>days</arg_key>\n<arg_valu"
            + "e>3</arg_value>\n</tool_call>", Oslo },
        { Glm, "<think>a</think>\n<tool_call>now\n</tool_call>", "(a)|now({})" },
        { Llama, "{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Oslo\", \"days\": 3}}", Oslo },
        { Llama, "<|python_tag|>{\"name\": \"now\", \"parameters\": {}}", "now({})" },
        { Llama, "{\"answer\": 42}", "{\"answer\": 42}" },
        { Mistral, "[TOOL_CALLS][{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Oslo\", \"days\": 3}, \"id\": \"abcdefg"
            + "hi\"}]", Oslo },
        { Arguments, "[TOOL_CALLS]now[ARGS]{}[TOOL_CALLS]get_weather[CALL_ID]abcdefghi[ARGS]{\"city\": \"Oslo\", \"days\": 3}",
            "now({})|" + Oslo },
        { DeepSeek, "<think>t</think><｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n```json\n{\"city\":"
            + " \"Oslo\", \"days\": 3}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>", "(t)|" + Oslo },
        { DeepSeek31, "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>now<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁call▁begin｜>get_weather<｜"
            + "tool▁sep｜>{\"city\": \"Oslo\", \"days\": 3}<｜tool▁call▁end｜><｜tool▁calls▁end｜>", "now({})|" + Oslo },
        { Kimi, "Sure.<|tool_calls_section_begin|><|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>{\"city"
            + "\": \"Oslo\", \"days\": 3}<|tool_call_end|><|tool_calls_section_end|>", "Sure.|" + Oslo },
        { MiniMax, "<minimax:tool_call>\n<invoke name=\"get_weather\">\n<parameter name=\"city\">Oslo</parameter>\n<parameter na"
            + "me=\"days\">3</parameter>\n</invoke>\n</minimax:tool_call>", Oslo },
        { Seed, "<seed:think>so</seed:think><seed:tool_call>\n<function=get_weather>\n<parameter=city>Oslo</parameter>\n<paramet"
            + "er=days>3</parameter>\n</function>\n</seed:tool_call>", "(so)|" + Oslo },
        { Lfm, "<|tool_call_start|>[get_weather(city='Oslo', days=3), now()]<|tool_call_end|>Wait.", Oslo + "|now({})|Wait." },
        { Granite, "<|tool_call|>[{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Oslo\", \"days\": 3}}]", Oslo },
        { Granite, "<think>why</think><response>Because.</response>", "(why)|Because." },
        { Phi, "<|tool_call|>[{\"name\": \"now\", \"arguments\": {}}]<|/tool_call|>", "now({})" },
        { Command, "<|START_THINKING|>I will look.<|END_THINKING|><|START_ACTION|>[\n    {\"tool_call_id\": \"0\", \"tool_name\""
            + ": \"get_weather\", \"parameters\": {\"city\": \"Oslo\", \"days\": 3}}\n]<|END_ACTION|>", "(I will look.)|" + Oslo },
        { Command, "<|START_RESPONSE|>Hello.<|END_RESPONSE|>", "Hello." },
        { Gemma, "<|channel>thought\nHm.<channel|>Wait.<|tool_call>call:get_weather{city:<|\"|>Oslo<|\"|>,days:3}<tool_call|><|to"
            + "ol_call>call:now{}<tool_call|>",
            "(Hm.)|Wait.|" + Oslo + "|now({})" },
        { Gemma, "<|tool_call>call:now{a:[<|\"|>x, {y}<|\"|>,1.5,true],b:{<|\"|>c d<|\"|>:null,e:\"f\\n\"}}<tool_call|>",
            "now({\"a\":[\"x,{y}\",1.5,true],\"b\":{\"cd\":null,\"e\":\"f\\n\"}})" },
        { FunctionGemma, "<start_function_call>call:get_weather{city:<escape>Oslo<escape>,days:3}<end_function_call>", Oslo },
        { KimiK3, "<|open|>think<|sep|>Hm.<|close|>think<|sep|><|open|>response<|sep|>Wait.<|close|>response<|sep|><|open|>tools<"
            + "|sep|><|open|>call tool=\"get_weather\""
            + " index=\"1\"<|sep|><|open|>argument key=\"city\" type=\"string\"<|sep|>Oslo<|close|>argument<|sep|><|open|>argumen"
            + "t key=\"days\" type=\"number\"<|sep|>3"
            + "<|close|>argument<|sep|><|close|>call<|sep|><|open|>call tool=\"now\" index=\"2\"<|sep|><|close|>call<|sep|><|clos"
            + "e|>tools<|sep|><|close|>message<|sep|>",
            "(Hm.)|Wait.|" + Oslo + "|now({})" },
        { MiniMaxM3, "<mm:think>Hm.</mm:think>Wait.]<]minimax[>[<tool_call>\n]<]minimax[>[<invoke name=\"get_weather\">]<]minimax"
            + "[>[<city>Oslo]<]minimax[>[</city>"
            + "]<]minimax[>[<days>3]<]minimax[>[</days>]<]minimax[>[</invoke>\n]<]minimax[>[</tool_call>", "(Hm.)|Wait.|" + Oslo },
        { MiniMaxM3, "]<]minimax[>[<tool_call>]<]minimax[>[<invoke name=\"now\">]<]minimax[>[<a>]<]minimax[>[<item>]<]minimax[>[<"
            + "b>x]<]minimax[>[</b>]<]minimax[>[</item>"
            + "]<]minimax[>[<item>2]<]minimax[>[</item>]<]minimax[>[</a>]<]minimax[>[</invoke>]<]minimax[>[</tool_call>", "now({"
            + "\"a\":[{\"b\":\"x\"},2]})" },
        { Functionary, "all\nHello >>> there.", "all\nHello >>> there." },
        { Muse, "<|start|>assistant to=self<|message|>Hm.<|eom|><|start|>assistant to=user<|message|>Wait.<|eom|><|start|>assista"
            + "nt to=get_weather<|message|><atem:function_calls>\n"
            + "<atem:invoke name=\"get_weather\">\n<atem:parameter name=\"city\">Oslo</atem:parameter>\n<atem:parameter name=\"da"
            + "ys\">3</atem:parameter>\n</atem:invoke>\n"
            + "</atem:function_calls><|eot|>", "(Hm.)|Wait.|" + Oslo },
        { Olmo, "<function_calls>\nget_weather(city='Oslo', days=3)\nnow()\n</function_calls>", Oslo + "|now({})" },
        { Pythonic, "[get_weather(city=\"Oslo\", days=3), now()]", Oslo + "|now({})" },
        { Pythonic, "[1] says so.", "[1] says so." },
        { GigaChat, "Wait.<|message_sep|>\n\nfunction call<|role_sep|>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"O"
            + "slo\", \"days\": 3}}<|message_sep|>\n\n",
            "Wait.|" + Oslo },
        { InternLm, "Wait.<|action_start|><|plugin|>\n{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Oslo\", \"days\": "
            + "3}}<|action_end|>", "Wait.|" + Oslo },
        { Harmony, "<|channel|>analysis<|message|>Need it.<|end|><|start|>assistant<|channel|>commentary to=functions.get_weathe"
            + "r <|constrain|>json<|message|>{\"city\":\"Oslo\",\"days\":3}<|call|>", "(Need it.)|" + Oslo },
        { Harmony, "<|channel|>analysis<|message|>Easy.<|end|><|start|>assistant<|channel|>final<|message|>It rains.", "(Easy.)|"
            + "It rains." },
        { Harmony, " to=functions.now<|channel|>commentary json<|message|>{}", "now({})" },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public void An_answer_is_taken_apart(string template, string answer, string expected)
    {
        Assert.Equal(expected, Parts(template, answer, step: 1));
        Assert.Equal(expected, Parts(template, answer, step: 7));
        Assert.Equal(expected, Parts(template, answer, step: answer.Length));
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public void Calls_are_streamed_whatever_pieces_an_answer_comes_in(string template, string answer, string expected)
    {
        List<AnswerPart> whole = Streamed(template, [answer]);
        Assert.Equal(expected, Text(Plain(whole)));
        RequireOrder(whole);
        RequireOrder(Streamed(template, answer.Select(letter => letter.ToString())));
        for (int at = 1; at < answer.Length; at++)
        {
            List<AnswerPart> parts = Streamed(template, [answer[..at], answer[at..]]);
            Assert.Equal(expected, Text(Plain(parts)));
            RequireOrder(parts);
        }
    }

    [Theory]
    [InlineData(Hermes, "<tool_call>{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Os", "{\"city\": \"Os")]
    [InlineData(Llama, "{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Os", "{\"city\": \"Os")]
    [InlineData(Mistral, "[TOOL_CALLS][{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Os", "{\"city\": \"Os")]
    [InlineData(Arguments, "[TOOL_CALLS]get_weather[ARGS]{\"city\": \"Os", "{\"city\": \"Os")]
    [InlineData(Kimi, "<|tool_calls_section_begin|><|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>{\"city\": \"Os",
        "{\"city\": \"Os")]
    [InlineData(Coder, "<tool_call>\n<function=get_weather>\n<parameter=days>\n3\n</parameter>\n<parameter=city>\nOs",
        "{\"days\":3,\"city\":\"Os")]
    [InlineData(Glm, "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Oslo \"W\"</arg_v", "{\"city\":\"Oslo \\\"W\\\"")]
    [InlineData(Harmony, " to=functions.get_weather<|channel|>commentary json<|message|>{\"city\": \"Os", "{\"city\": \"Os")]
    public void A_call_that_breaks_off_has_begun_and_never_ends(string template, string answer, string given)
    {
        List<AnswerPart> parts = Streamed(template, answer.Select(letter => letter.ToString()));
        Assert.Equal("get_weather", Assert.Single(parts, part => part.Kind == AnswerPartKind.ToolCallStart).Call?.Name);
        Assert.Equal(given, string.Concat(parts.Where(part => part.Kind == AnswerPartKind.ToolCallArguments).Select(part => part.Text)));
        Assert.DoesNotContain(parts, part => part.Kind is AnswerPartKind.ToolCall or AnswerPartKind.Text);
    }

    [Fact]
    public void Nothing_of_a_call_of_a_tool_that_nobody_declared_is_given_out_early()
    {
        List<AnswerPart> parts = Streamed(Llama, ["{\"name\": \"Oslo\", \"parameters\": {\"a\": 1", "}, \"more\": true} is a town."]);
        Assert.Equal("{\"name\": \"Oslo\", \"parameters\": {\"a\": 1}, \"more\": true} is a town.", Text(parts));
    }

    [Fact]
    public void A_message_to_a_function_without_arguments_is_text() =>
        Assert.Equal("{oops", Parts(Harmony, "<|channel|>commentary to=functions.now<|message|>{oops", 1));

    [Theory]
    [InlineData(Functionary, ">>>", "all\nIt is >>> fine.\n", "It is >>> fine.\n")]
    [InlineData(Functionary, ">>>", "all\nWait.\n>>>get_weather\n{\"city\": \"Oslo\", \"days\": 3}>>>now\n{}", "Wait.\n|"
        + "" + Oslo + "|now({})")]
    [InlineData(Muse, "<|start|>assistant", " to=user<|message|>Hello.<|eot|>", "Hello.")]
    [InlineData(Muse, "<|start|>assistant", "<|message|>Hello.", "Hello.")]
    public void A_message_goes_on_from_the_header_that_the_prompt_began(string template, string prompt, string answer, string expected)
    {
        Assert.Equal(expected, Parts(template, answer, 1, prompt));
        for (int at = 0; at <= answer.Length; at++)
        {
            List<AnswerPart> parts = Streamed(template, [answer[..at], answer[at..]], prompt);
            Assert.Equal(expected, Text(Plain(parts)));
            RequireOrder(parts);
        }
    }

    [Fact]
    public void A_prompt_that_ends_inside_of_reasoning_begins_the_answer_there() =>
        Assert.Equal("(Hm.)|Yes.", Parts(Thinking, "Hm.\n</think>\n\nYes.", 1, "<|im_start|>assistant\n<think>\n"));

    [Fact]
    public void Without_tools_nothing_is_a_call()
    {
        ChatFormat format = ChatFormat.For(ChatTemplate.Parse(Hermes, "t"), Tokenizer);
        AnswerReader reader = new(format, "", []);
        const string Text = "<tool_call>{\"name\":\"now\",\"arguments\":{}}</tool_call>";
        Assert.Equal(Text, string.Concat(reader.Append(Text).ToArray().Concat(reader.Complete()).Select(part => part.Text)));
    }

    [Fact]
    public void Nothing_of_a_call_is_shown_before_it_is_whole()
    {
        AnswerReader reader = new(ChatFormat.For(ChatTemplate.Parse(Hermes, "t"), Tokenizer), "", Tools);
        Assert.Equal("Hm", Assert.Single(reader.Append("Hm <to")).Text);
        Assert.Empty(reader.Append("ol_call>{\"name\":"));
        Assert.Empty(reader.Append("\"now\",\"arguments\":{}}"));
        Assert.Equal("now", Assert.Single(reader.Append("</tool_call>")).Call?.Name);
        Assert.Empty(reader.Complete());
    }

    // In pieces of four letters: a copy of all that is held for each would be 800 MB.
    [Theory]
    [InlineData(Hermes, "<tool_call>{\"name\": \"get_weather\", \"arguments\": {\"city\": \"TEXT\"}}</tool_call>")]
    [InlineData(Llama, "{\"name\": \"get_weather\", \"parameters\": {\"city\": \"TEXT\"}}")]
    [InlineData(Coder, "<tool_call>\n<function=get_weather>\n<parameter=city>\nTEXT\n</parameter>\n</function>\n</tool_call>")]
    [InlineData(Harmony, " to=functions.get_weather<|channel|>commentary json<|message|>{\"city\":\"TEXT\"}<|call|>")]
    [InlineData(Functionary, ">>>get_weather\n{\"city\": \"TEXT\"}")]
    public void Memory_for_a_call_in_pieces_goes_by_its_length(string template, string answer)
    {
        const int Letters = 40_000, Most = 400 * Letters;
        string text = string.Concat(Enumerable.Range(0, Letters / 8).Select(i => $"{i,7} "));
        string[] pieces = [.. answer.Replace("TEXT", text, StringComparison.Ordinal).Chunk(4).Select(letters => new string(letters))];
        foreach (bool streams in (bool[])[false, true])
        {
            AnswerReader reader = new(FormatOf(template), "", Tools, streams);
            long before = GC.GetAllocatedBytesForCurrentThread();
            List<AnswerPart> parts = Read(reader, pieces);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            ToolCall call = Assert.Single(Plain(parts)).Call!;
            Assert.Equal(text.Trim(), call.Arguments.GetProperty("city").GetString()!.Trim());
            Assert.InRange(allocated, 1, Most);
        }
    }

    [Fact]
    public void Memory_for_what_stands_before_the_arguments_goes_by_its_length()
    {
        string before = string.Concat(Enumerable.Range(0, 390).Select(_ => "\"a\": 3, "));
        string answer = $"<tool_call>{{{before}\"name\": \"now\", \"arguments\": {{}}}}</tool_call>";
        long start = GC.GetAllocatedBytesForCurrentThread();
        List<AnswerPart> parts = Streamed(Hermes, answer.Select(letter => letter.ToString()));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - start, 1, 1024 * answer.Length);
        Assert.Contains(parts, part => part.Kind == AnswerPartKind.ToolCallStart);
        Assert.Equal("now({})", Text(Plain(parts)));
    }

    [Fact]
    public void Memory_for_arguments_that_are_broken_goes_by_their_length()
    {
        string answer = " to=functions.now<|channel|>commentary json<|message|>{" + string.Concat(Enumerable.Repeat("a]\"b\"", 2000));
        long start = GC.GetAllocatedBytesForCurrentThread();
        List<AnswerPart> parts = Streamed(Harmony, answer.Select(letter => letter.ToString()));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - start, 1, 1024 * answer.Length);
        Assert.DoesNotContain(parts, part => part.Kind == AnswerPartKind.ToolCall);
    }

    [Fact]
    public void Ids_are_the_models_own_or_nine_letters_and_digits()
    {
        Assert.Equal("functions.now:3", Call(Kimi, "<|tool_calls_section_begin|><|tool_call_begin|>functions.now:3<|tool_call_argument"
            + "_begin|>{}<|tool_call_end|><|tool_calls_section_end|>").Id);
        Assert.Matches("^[a-z0-9]{9}$", Call(Hermes, "<tool_call>{\"name\":\"now\",\"arguments\":{}}</tool_call>").Id);
    }

    [Theory]
    [InlineData("""<parameter=city>17</parameter><parameter=days>[1, {"a": null}]</parameter><parameter=x>plain</parameter>""", """{"city":"17","days":[1,{"a":null}],"x":"plain"}""")]
    [InlineData("<parameter=city>\n a\n\nb \n</parameter>", """{"city":" a\n\nb "}""")]
    public void Members_are_read_by_the_types_of_the_schema(string members, string expected)
    {
        ToolCall call = Call(Coder, $"<tool_call><function=get_weather>{members}</function></tool_call>");
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(expected), call.Arguments), call.Arguments.GetRawText());
    }

    [Theory]
    [InlineData("f(a=True, b=None, c=-1.5, d=[1, 'x'], e={'k': (2, 3)})", """{"a":true,"b":null,"c":-1.5,"d":[1,"x"],"e":{"k":[2,3]}}""")]
    [InlineData("[f(a=\"it's\", b='say \\'hi\\'\\n')]", """{"a":"it's","b":"say 'hi'\n"}""")]
    public void Python_values_are_read(string text, string expected)
    {
        ToolCall call = Assert.Single(PythonCalls.Read(text)!);
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(expected), call.Arguments), call.Arguments.GetRawText());
    }

    [Theory]
    [InlineData("f(")]
    [InlineData("f(1)")]
    [InlineData("f(a=b)")]
    [InlineData("[f()")]
    [InlineData("hello")]
    [InlineData("f(a='x)")]
    public void What_is_no_python_call_is_none(string text) => Assert.Null(PythonCalls.Read(text));

    private static ToolCall Call(string template, string answer)
    {
        AnswerReader reader = new(ChatFormat.For(ChatTemplate.Parse(template, "t"), Tokenizer), "", Tools);
        return reader.Append(answer).ToArray().Concat(reader.Complete()).Select(part => part.Call).OfType<ToolCall>().Single();
    }

    private static string Parts(string template, string answer, int step, string prompt = "")
    {
        AnswerReader reader = new(FormatOf(template), prompt, Tools);
        return Text(Read(reader, Enumerable.Range(0, (answer.Length + step - 1) / step)
            .Select(i => answer.Substring(i * step, Math.Min(step, answer.Length - (i * step))))));
    }

    private static List<AnswerPart> Streamed(string template, IEnumerable<string> pieces, string prompt = "") =>
        Read(new(FormatOf(template), prompt, Tools, streamsCalls: true), pieces);

    private static ChatFormat FormatOf(string template) =>
        ChatFormat.For(ChatTemplate.Parse("{% raw %}" + template + "{% endraw %}", "t"), Tokenizer);

    private static List<AnswerPart> Read(AnswerReader reader, IEnumerable<string> pieces) =>
        [.. pieces.SelectMany(piece => reader.Append(piece).ToArray()), .. reader.Complete()];

    private static IEnumerable<AnswerPart> Plain(IEnumerable<AnswerPart> parts) =>
        parts.Where(part => part.Kind is not (AnswerPartKind.ToolCallStart or AnswerPartKind.ToolCallArguments));

    /// <summary>Each call begins, its arguments come, and it is whole: the same call, and the same text.</summary>
    private static void RequireOrder(List<AnswerPart> parts)
    {
        ToolCall? begun = null;
        StringBuilder arguments = new();
        foreach (AnswerPart part in parts)
        {
            switch (part.Kind)
            {
                case AnswerPartKind.ToolCallStart:
                    Assert.Null(begun);
                    begun = part.Call!;
                    arguments.Clear();
                    break;
                case AnswerPartKind.ToolCallArguments:
                    Assert.NotNull(begun);
                    Assert.NotEmpty(part.Text);
                    arguments.Append(part.Text);
                    break;
                case AnswerPartKind.ToolCall:
                    Assert.Equal((begun?.Id, begun?.Name), (part.Call!.Id, part.Call.Name));
                    Assert.Equal(part.Call.Arguments.GetRawText(), arguments.ToString());
                    begun = null;
                    break;
                default:
                    Assert.Null(begun);
                    break;
            }
        }

        Assert.Null(begun);
    }

    private static string Text(IEnumerable<AnswerPart> given)
    {
        List<(AnswerPartKind Kind, StringBuilder Text)> parts = [];
        foreach (AnswerPart part in given)
        {
            if (part.Call is { } call)
            {
                string arguments = call.Arguments.GetRawText().Replace(" ", "", StringComparison.Ordinal);
                parts.Add((part.Kind, new StringBuilder($"{call.Name}({arguments})")));
            }
            else if (parts.Count > 0 && parts[^1].Kind == part.Kind)
            {
                parts[^1].Text.Append(part.Text);
            }
            else
            {
                parts.Add((part.Kind, new StringBuilder(part.Text)));
            }
        }

        return string.Join('|', parts.Select(part => part.Kind == AnswerPartKind.Reasoning ? $"({part.Text})" : part.Text.ToString()));
    }
}
