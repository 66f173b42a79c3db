using System.Text.Json.Nodes;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Settings;
using Inferometer.Cli.Tests.Commands;
using Inferometer.Core;
using Inferometer.Simulation.Planning;

namespace Inferometer.Cli.Tests.Settings;

/// <summary>
/// One declaration of a setting is all there is of it: option, check, help, configuration, columns and documentation follow.
/// </summary>
public class SettingOptionTests
{
    // Each setting takes at least one of these.
    private static readonly string[] s_samples = ["2", "fp8", "0.5", "16:8", "q4", "genz", "vllm", "exps=CPU"];

    public static TheoryData<string> Names => [.. EstimateSettings.All.Select(s => s.Option)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_declared_setting_is_everywhere(string name)
    {
        EstimateSetting setting = Find(name);
        string text = s_samples.First(sample => TryRead(setting, sample) is not null);
        foreach (string command in (string[])["estimate", "compare"])
        {
            Assert.Contains(name, (await CommandRun.OfLine($"{command} --help")).Succeeded().Output, StringComparison.Ordinal);
            Assert.StartsWith(setting.Description, CommandWords.Find(command, name).Description, StringComparison.Ordinal);
        }

        EstimateRequestText request = Request().With(Said(name, text));
        EstimateRequestText whole = setting.OnlyWith is null ? request : request.With(Said("--draft", "ngram"));
        JsonNode? written = At(Parameters(whole), setting.Parameter)
            ?? At(Parameters(whole), setting.Includes?.Parameter ?? setting.Parameter);
        Assert.True(JsonNode.DeepEquals(setting.ReadFor(text).Value, written), written?.ToJsonString());
        Assert.Equal(
            setting,
            Assert.Single(
                CommandWords.All["estimate"].Options.OfType<SettingOption>(), o =>
                    string.Equals(o.Name, name, StringComparison.Ordinal)).Setting);
    }

    /// <summary>Whatever is said of a setting by its option, a parameter that says other than it is refused, never taken instead.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void A_parameter_may_not_contradict_an_option(string name)
    {
        EstimateSetting setting = Find(name);
        string text = s_samples.First(sample => TryRead(setting, sample) is not null);
        (EstimateSetting meant, JsonNode? value) = setting.ReadFor(text);
        EstimateRequestText start = setting.OnlyWith is null ? Request() : Request().With(Said("--draft", "ngram"));
        EstimateRequestText said = start.With(Said(name, text));
        Assert.True(JsonNode.DeepEquals(Parameters(said), Parameters(said with { Parameters = Own(meant.Parameter, value!.DeepClone()) })));
        InferometerException refused = Assert.Throws<InferometerException>(
            () => (said with { Parameters = Own(meant.Parameter, "something else") }).ToConfig());
        Assert.Contains($"{meant.Parameter} = 'something else' contradicts", refused.Message, StringComparison.Ordinal);

        static JsonObject Own(string parameter, JsonNode own)
        {
            string[] path = parameter.Split('.');
            return path.Length == 1 ? new() { [path[0]] = own } : new() { [path[0]] = new JsonObject { [path[1]] = own } };
        }
    }

    [Theory]
    [InlineData("--tp 4 -p tensor_parallel=2", "tensor_parallel = '2' contradicts '4', which --tp says")]
    [InlineData("--batch 1 -p batch_size=5", "batch_size = '5' contradicts '1', which --batch says")]
    [InlineData("--dp 2 --attention-dp -p attention_data_parallel=false", "attention_data_parallel = 'false' contradicts 'true'")]
    [InlineData("--attention-dp", "--attention-dp needs --dp")]
    public async Task What_would_be_ignored_is_refused(string rest, string message)
    {
        CommandRun run = await CommandRun.OfLine("estimate llama-3.1-8b --on h100 " + rest);
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains(message, Assert.Single(run.Complaints), StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_become_a_configuration_that_says_no_more_than_was_asked()
    {
        JsonNode expected = JsonNode.Parse("""
            {"model":"m","features":["prefill","decode"],
             "simulation_params":{"system_name":"s","cost_model":"calibrated","batch_size":1,"input_tokens":2048,"output_tokens":256,"beam_size":1}}
            """)!;
        JsonNode config = Request().ToConfig().ToNode();
        Assert.True(JsonNode.DeepEquals(expected, config), config.ToJsonString());
    }

    [Fact]
    public void Off_is_said_by_saying_nothing()
    {
        EstimateRequestText request = Request();
        foreach ((string name, string off) in (ReadOnlySpan<(string, string)>)
            [("--tp", "1"), ("--prefix-cached", "0"), ("--lora", "none"), ("--kv", "none"), ("--kv-compression", "none"),
                ("--draft", "none"), ("--draft-tokens", "3")])
        {
            request = request.With(Said(name, off));
        }

        Assert.True(JsonNode.DeepEquals(Parameters(Request()), Parameters(request)), Parameters(request).ToJsonString());
    }

    [Theory]
    [InlineData("f16", "fp16", "f16")]
    [InlineData("fp16", "fp16", "f16")]
    [InlineData("FP16", "fp16", "f16")]
    [InlineData("float16", "fp16", "f16")]
    [InlineData("f32", "fp32", "f32")]
    [InlineData("fp32", "fp32", "f32")]
    [InlineData("float32", "fp32", "f32")]
    [InlineData("bf16", "bf16", null)]
    [InlineData("fp8", "fp8", null)]
    [InlineData("q8_0", "q8_0", null)]
    [InlineData("q8", null, "q8")]
    [InlineData("Q4", null, "q4")]
    [InlineData("low", null, "low")]
    [InlineData("med", null, "med")]
    [InlineData("high", null, "high")]
    [InlineData("some.kvprofile", null, "some.kvprofile")]
    [InlineData("some.kvprofile:low", null, "some.kvprofile:low")]
    public void The_cache_is_named_alike_everywhere(string text, string? format, string? engine)
    {
        JsonObject said = Parameters(Request().With(Said("--kv", text)));
        Assert.Equal(format, At(said, "quantization.kv_cache")?.GetValue<string>());
        Assert.Equal(format is null ? engine : null, At(said, "kv_compression.profile")?.GetValue<string>());
        if (engine is null)
        {
            Assert.Throws<UsageException>(() => KvValues.ForEngine.Read(text, "--kv"));
            return;
        }

        Assert.Equal(engine, KvValues.ForEngine.Read(text, "--kv"));
        Assert.Equal(engine, (engine is "f16" or "f32" ? KvValues.ExactForEngine : KvValues.CompressedForEngine).Read(text, "--kv"));
    }

    [Fact]
    public async Task Two_names_of_one_thing_may_not_contradict_each_other()
    {
        Assert.Equal(ExitCode.Success, (await CommandRun.OfLine("estimate llama-3.1-8b --on h100 --kv q4 --kv-compression q4")).Code);
        CommandRun other = await CommandRun.OfLine("estimate llama-3.1-8b --on h100 --kv q4 --kv-compression q8");
        Assert.Equal(ExitCode.Usage, other.Code);
        Assert.Contains("'q8' contradicts 'q4'", other.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cache_is_the_same_by_its_old_name_and_by_its_new_one() => Assert.Equal(
        (await CommandRun.OfLine("estimate llama-3.1-8b --on h100 --kv-compression q4 -f json")).Succeeded().Output,
        (await CommandRun.OfLine("estimate llama-3.1-8b --on h100 --kv q4 -f json")).Succeeded().Output);

    private static JsonNode? TryRead(EstimateSetting setting, string text)
    {
        try
        {
            return setting.ReadFor(text).Value;
        }
        catch (InferometerException)
        {
            return null;
        }
    }

    private static EstimateSetting Find(string name) =>
        EstimateSettings.All.Single(s => string.Equals(s.Option, name, StringComparison.Ordinal));

    private static SaidValue Said(string name, string text)
    {
        (EstimateSetting setting, JsonNode? value) = Find(name).ReadFor(text);
        return new SaidValue(setting, value);
    }

    private static EstimateRequestText Request() =>
        new("m", JsonValue.Create("s"), new EquatableList<string>(["prefill", "decode"]), EquatableList<string>.Empty, [], false, false);

    private static JsonObject Parameters(EstimateRequestText request) => request.ToConfig().ToNode()["simulation_params"]!.AsObject();

    private static JsonNode? At(JsonObject parameters, string path) =>
        path.Split('.').Aggregate((JsonNode?)parameters, (node, part) => node is JsonObject group ? group[part] : null);
}
