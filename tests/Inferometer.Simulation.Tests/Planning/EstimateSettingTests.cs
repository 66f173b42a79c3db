using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Planning;

namespace Inferometer.Simulation.Tests.Planning;

public sealed class EstimateSettingTests
{
    public static TheoryData<string> Options => [.. EstimateSettings.All.Select(s => s.Option)];

    [Theory]
    [InlineData("16", """{"rank":16,"adapters":1,"strategy":"dynamic"}""")]
    [InlineData("16:8", """{"rank":16,"adapters":8,"strategy":"dynamic"}""")]
    [InlineData("8:1:merged", """{"rank":8,"adapters":1,"strategy":"merged"}""")]
    [InlineData("none", "null")]
    public void Adapters_are_rank_count_and_strategy(string text, string expected) =>
        Assert.Equal(expected, Of("--lora").Read(text)?.ToJsonString() ?? "null");

    [Theory]
    [InlineData("--lora", "")]
    [InlineData("--lora", "-1")]
    [InlineData("--lora", "8:0")]
    [InlineData("--lora", "8:1:other")]
    [InlineData("--lora", "8:1:merged:x")]
    [InlineData("--acceptance", "0,8")]
    [InlineData("--acceptance", "1.1")]
    [InlineData("--acceptance", "-0.5")]
    [InlineData("--acceptance", "NaN")]
    [InlineData("--batch", "1,024")]
    [InlineData("--batch", "0x10")]
    [InlineData("--batch", "1e3")]
    [InlineData("--batch", " 8")]
    [InlineData("--batch", "99999999999")]
    [InlineData("--bits", "bf17")]
    [InlineData("--cost-model", "rooline")]
    [InlineData("--framework", "vlm")]
    [InlineData("--memory-utilization", "0")]
    [InlineData("--memory-utilization", "90")]
    [InlineData("--gpu-layers", "-1")]
    [InlineData("--n-cpu-moe", "some")]
    [InlineData("--override-tensor", "attn=CPU")]
    [InlineData("--override-tensor", "exps=GPU")]
    public void Wrong_text_is_refused_with_the_options_name(string option, string text) =>
        Assert.StartsWith(
            option + ": ", Assert.Throws<InferometerException>(() => Of(option).Read(text)).Message, StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Options))]
    public void A_setting_is_read_back_from_where_it_is_written(string option)
    {
        EstimateSetting setting = Of(option);
        JsonNode value = setting
            .Read(setting.ValueName.Split(
                '|')[0] switch
            {
                "N" => "7",
                "FORMAT" => "fp8",
                "RATE" or "SHARE" => "0.25",
                "calibrated" => "genz",
                "q8" => "q8",
                "inferometer-gpu" => "vllm",
                "exps=CPU" => @"blk\.\d+\.ffn_.*_exps.=CPU",
                _ => "8",
            })!;
        JsonObject parameters = [];
        setting.Write(parameters, value.DeepClone());
        if (setting.OnlyWith is { } other)
        {
            EstimateSettings.All.Single(s => s.Parameter.Equals(other, StringComparison.Ordinal))
                .Write(parameters, JsonValue.Create("ngram"));
        }

        Assert.True(JsonNode.DeepEquals(value, setting.In(new ParameterBag(parameters, "parameters"), ["prefill", "decode"])));
    }

    [Theory]
    [MemberData(nameof(Options))]
    public void A_default_can_be_read(string option)
    {
        EstimateSetting setting = Of(option);
        Assert.True(setting.Default is null ? !setting.IsAlwaysStated : setting.Read(setting.Default) is not null);
    }

    private static EstimateSetting Of(string option) => EstimateSettings.All.Single(s => s.Option.Equals(option, StringComparison.Ordinal));
}
