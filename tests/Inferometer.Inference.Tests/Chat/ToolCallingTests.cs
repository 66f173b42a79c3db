using System.ComponentModel;
using System.Text.Json;
using Inferometer.Core;
using Inferometer.Inference.Chat;
using Inferometer.Inference.Constraints;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Tests.Engine;
using Inferometer.ModelFiles.Templates;
using Json.Schema;
using Microsoft.Extensions.AI;

namespace Inferometer.Inference.Tests.Chat;

/// <summary>
/// Tools through the common chat client. The model knows nothing of tools: what it must write it is held to, so every answer is a call
/// with arguments of the right types, whatever they are.
/// </summary>
public sealed class ToolCallingTests
{
    private const string Turns = """
        {%- for tool in tools or [] %}{{ tool | tojson }}
        {% endfor %}{%- for message in messages %}{{ message.role }}: {{ message.content }}{% for call in message.tool_calls or [] %}[call {{ call.id }} {{ call.function.name }} {{ call.function.arguments | tojson }}]{% endfor %}{{ ('<' ~ message.tool_call_id ~ ' ' ~ message.name ~ '>') if message.role == 'tool' }}
        {% endfor %}{{ 'assistant:' ~ (' <think>' if think else '') if add_generation_prompt }}
        """;

    private static readonly string[] Marks =
    [
        "{#<tool_call></tool_call>#}", "{#<tool_call><function=<parameter=#}", "{#<tool_call><arg_key><arg_value>#}",
        "{#[TOOL_CALLS]#}", "{#[TOOL_CALLS][ARGS]#}", "{#ipython parameters#}", "{#<|tool_calls_section_begin|><|tool_call_argument_be"
            + "gin|>#}",
        "{#<｜tool▁calls▁begin｜>```json#}", "{#<｜tool▁calls▁begin｜>#}", "{#<minimax:tool_call>#}", "{#<seed:tool_call>#}", "{#<|tool_li"
            + "st_start|>#}",
        "{#<|tool_call|><|start_of_role|>#}", "{#<|tool|><|/tool|>#}", "{#<|START_ACTION|>tool_name#}", "{#<|tools_prefix|>#}",
        "{#<|start|><|channel|><|message|>#}", "{#DSML function_calls#}", "{#<|tool_call>call:#}", "{#<start_function_call>#}",
        "{#<|open|><|sep|>open_tag('call'#}", "{#]<]minimax[>[<invoke name=#}", "{#>>>${recipient} >>>all#}", "{#<atem:function_c"
            + "alls><|message|>#}",
        "{#<function_calls>pythonic#}", "{#[func_name1(#}", "{#function call<|role_sep|>#}", "{#<|action_start|><|plugin|>#}",
        "{#<tool_call></tool_call><think></think>#}",
    ];

    public static TheoryData<int> Formats => [.. Enumerable.Range(0, Marks.Length)];

    private static EngineChatClient Client(string marks, out InferenceEngine engine)
    {
        engine = EngineRunner.Start(EngineRunner.Tales, EngineRunner.Defaults with { MaxSequenceTokens = 1024 });
        return new EngineChatClient(engine, ChatTemplate.Parse(marks + Turns, "test template", engine.Tokenizer), ownsEngine: true);
    }

    private static AIFunction Weather(List<string>? called = null) => AIFunctionFactory.Create(
        ([Description("Where")] string city, [Description("How many")] int days) =>
        {
            called?.Add(city);
            return $"rain for {days} days";
        },
        "get_weather",
        "The weather of a place");

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task A_required_call_is_written_and_read_in_every_format(int format)
    {
        using EngineChatClient client = Client(Marks[format], out _);
        AIFunction weather = Weather();
        ChatOptions options = new()
        {
            Tools = [weather, AIFunctionFactory.Create(() => 1, "other")],
            ToolMode = ChatToolMode.RequireSpecific("get_weather"),
            AllowMultipleToolCalls = false,
            MaxOutputTokens = 220,
            Seed = format,
        };
        ChatResponse response = await client.GetResponseAsync("What is the weather?", options, TestContext.Current.CancellationToken);
        FunctionCallContent call = Assert.Single(response.Messages.SelectMany(m => m.Contents).OfType<FunctionCallContent>());
        Assert.Equal("get_weather", call.Name);
        Assert.Equal(ChatFinishReason.ToolCalls, response.FinishReason);
        Assert.Empty(response.Text);
        JsonElement arguments = JsonSerializer.SerializeToElement(call.Arguments);
        Assert.True(JsonSchema.FromText(weather.JsonSchema.GetRawText()).Evaluate(arguments).IsValid, arguments.GetRawText());
    }

    [Fact]
    public async Task The_common_middleware_calls_functions_and_gives_their_results_back()
    {
        List<string> called = [];
        using IChatClient client = Client(Marks[0], out _).AsBuilder().UseFunctionInvocation().Build();
        ChatOptions options = new()
        {
            Tools = [Weather(called)],
            ToolMode = ChatToolMode.RequireAny,
            AllowMultipleToolCalls = false,
            MaxOutputTokens = 120,
            Seed = 5,
        };
        ChatResponse response = await client.GetResponseAsync("What is the weather?", options, TestContext.Current.CancellationToken);
        Assert.NotEmpty(called);
        Assert.Contains(response.Messages, m => m.Role == ChatRole.Tool);
        Assert.Contains(
            response.Messages.SelectMany(m => m.Contents).OfType<FunctionResultContent>(),
            result => result.Result?.ToString()?.StartsWith("rain for", StringComparison.Ordinal) is true);
    }

    [Fact]
    public async Task Calls_and_results_of_earlier_turns_reach_the_template()
    {
        using EngineChatClient client = Client(Marks[0], out InferenceEngine engine);
        ChatMessage[] messages =
        [
            new(ChatRole.User, "Hi"),
            new(ChatRole.Assistant, [new TextContent("Wait."), new FunctionCallContent("c1", "get_weather",
                new Dictionary<string, object?> { ["city"] = "Zürich", ["days"] = 3 })]),
            new(ChatRole.Tool, [new FunctionResultContent("c1", "wet")]),
        ];
        ChatOptions options = new() { Temperature = 0, MaxOutputTokens = 1 };
        ChatResponse response = await client.GetResponseAsync(messages, options, TestContext.Current.CancellationToken);
        const string Prompt = "user: Hi\nassistant: Wait.[call c1 get_weather {\"city\": \"Zürich\", \"days\": 3}]\ntool: wet<c1 get_w"
            + "eather>\nassistant:";
        Assert.Equal(engine.Tokenizer.EncodePrompt(Prompt, parseSpecial: true).Length, response.Usage?.InputTokenCount);
    }

    [Fact]
    public async Task A_schema_holds_the_answer_behind_its_reasoning()
    {
        using EngineChatClient client = Client(Marks[^1], out _);
        const string Schema = """{"type":"object","properties":{"n":{"type":"integer","minimum":1,"maximum":9}},"required":["n"]}""";
        foreach (bool thinks in (bool[])[false, true])
        {
            ChatOptions options = new()
            {
                ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonElement.Parse(Schema)),
                MaxOutputTokens = 60,
                Seed = 2,
                AdditionalProperties = new() { [EngineChatClient.TemplateVariablesProperty] = JsonElement.Parse(thinks ? """{"think":true}""" : "{}") },
            };
            ChatResponse response = await client.GetResponseAsync("A digit?", options, TestContext.Current.CancellationToken);
            Assert.InRange(JsonElement.Parse(response.Text).GetProperty("n").GetInt32(), 1, 9);
            Assert.Equal(thinks, response.Messages[0].Contents.OfType<TextReasoningContent>().Any());
        }
    }

    [Fact]
    public async Task A_constraint_of_ones_own_goes_with_the_options()
    {
        using EngineChatClient client = Client("", out _);
        ChatOptions options = new()
        {
            AdditionalProperties = new()
            {
                [EngineChatClient.ConstraintProperty] = OutputConstraint.FromGrammar(
            "root ::= \"yes\" | \"no\"")
            }
        };
        ChatResponse response = await client.GetResponseAsync("Well?", options, TestContext.Current.CancellationToken);
        Assert.Matches("^(yes|no)$", response.Text);
        options.ResponseFormat = ChatResponseFormat.Json;
        InferometerException error = await Assert.ThrowsAsync<InferometerException>(
            () => client.GetResponseAsync("Well?", options, TestContext.Current.CancellationToken));
        Assert.Contains("give one of them", error.Message, StringComparison.Ordinal);
    }
}
