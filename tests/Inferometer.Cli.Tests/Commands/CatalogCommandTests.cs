using System.Text;
using System.Text.Json.Nodes;
using Inferometer.Cli.Hosting;
using Inferometer.Core.Catalog;
using Inferometer.ReferenceModels;
using Inferometer.Simulation;

namespace Inferometer.Cli.Tests.Commands;

public class CatalogCommandTests
{
    [Fact]
    public async Task Lists_hold_the_whole_catalog()
    {
        Assert.Equal(ModelCatalog.BuiltIn.Models.Count, (await Json("models")).AsArray().Count);
        Assert.Equal(HardwareCatalog.BuiltIn.Systems.Count, (await Json("hardware")).AsArray().Count);
        Assert.Equal(new SimulationEngine().GetAvailableFeatures().Count, (await Json("features")).AsArray().Count);
    }

    [Theory]
    [InlineData("models --search qwen3", "Qwen/Qwen3-8B", "meta-llama/Llama-3.1-8B")]
    [InlineData("hardware --search hopper", "H100_SXM", "A100_SXM_80GB")]
    [InlineData("features --search flash", "flash_attention", "tensor_parallel")]
    public async Task Search_keeps_what_matches(string line, string found, string left)
    {
        CommandRun run = (await CommandRun.OfLine(line)).Succeeded();
        Assert.Contains(found, run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(left, run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_is_shown_with_exact_parameters_and_cache()
    {
        JsonNode model = await Json("models llama-3.1-8b");
        Assert.Equal(8_030_261_248, model["parameters"]!.GetValue<long>());
        Assert.Equal(8_030_261_248, model["parameters_by_part"]!.AsArray().Sum(p => p!["parameters"]!.GetValue<long>()));

        // 32 layers x keys and values x 8 KV heads x width 128 x 2 bytes.
        Assert.Equal(32 * 2 * 8 * 128 * 2, model["kv_bytes_per_token_bf16"]!.GetValue<double>());
        JsonNode first = model["memory"]![0]!;
        Assert.Equal(2048 * 131_072.0, first["kv_bf16_bytes"]!.GetValue<double>());
        Assert.Equal(first["kv_bf16_bytes"]!.GetValue<double>() / 2, first["kv_fp8_bytes"]!.GetValue<double>());
        Assert.Equal(8_030_261_248 * 2.0 + 2048 * 131_072.0, first["total_bf16_bytes"]!.GetValue<double>());

        // As `estimate --weights fp8` counts: the embedding and the head, 128,256 x 4,096 each, stay in 16 bits, and so do norms; the
        // scales of the others are far below a hundredth.
        const double Wide = 2.0 * 128_256 * 4096;
        double fp8 = first["total_fp8_bytes"]!.GetValue<double>() - (2048 * 65_536);
        Assert.InRange(fp8, 8_030_261_248 + Wide, (8_030_261_248 + Wide) * 1.005);
        double int4 = first["total_int4_bytes"]!.GetValue<double>() - (2048 * 65_536);
        Assert.InRange(int4, (8_030_261_248 - Wide) / 2 + (2 * Wide), ((8_030_261_248 - Wide) / 2 + (2 * Wide)) * 1.1);
    }

    [Fact]
    public async Task A_mixture_of_experts_shows_what_a_token_uses()
    {
        JsonNode model = await Json("models mixtral-8x7b");
        Assert.True(model["active_parameters"]!.GetValue<long>() < model["parameters"]!.GetValue<long>());
        Assert.Contains("2 of 8 experts", model["feed_forward"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hardware_is_shown_with_its_sources()
    {
        CommandRun page = (await CommandRun.OfLine("hardware h100")).Succeeded();
        Assert.Contains("Memory bandwidth  3,350 GB/s", page.Output, StringComparison.Ordinal);
        Assert.Contains("- price_per_hour_usd: ", page.Output, StringComparison.Ordinal);
        JsonNode system = await Json("hardware h100");
        Assert.Equal("H100_SXM", system["name"]!.GetValue<string>());
        Assert.Equal(3350, system["memory"]!["bandwidth_gb_per_s"]!.GetValue<double>());
        Assert.Equal(989.4, system["peak_tflops"]!["bf16"]!.GetValue<double>());
        Assert.NotEmpty(system["sources"]!["price_per_hour_usd"]!.GetValue<string>());
    }

    [Fact]
    public async Task What_hardware_prints_as_json_is_a_machine_to_estimate_on()
    {
        using TemporaryFolder folder = new();
        JsonNode entry = await Json("hardware l40s");
        string file = Saved(folder, entry.ToJsonString());
        string named = (await CommandRun.OfLine("estimate llama-3.1-8b --on l40s")).Succeeded().Output;
        Assert.Equal(named, (await CommandRun.OfLine($"estimate llama-3.1-8b --on {file}")).Succeeded().Output);

        entry["memory"]!["bandwidth_gb_per_s"] = 2 * 864;
        Saved(folder, entry.ToJsonString());
        JsonArray rows = (await Json($"compare llama-3.1-8b --on l40s,{file}")).AsArray();
        Assert.Equal(["L40S", file], rows.Select(row => row!["system"]!.GetValue<string>()));
        Assert.True(Rate(rows[1]!) > 1.5 * Rate(rows[0]!));

        static double Rate(JsonNode row) => row["decode_tokens_per_s"]!.GetValue<double>();
    }

    [Theory]
    [InlineData("{", "not valid JSON")]
    [InlineData("""{"name":"x"}""", "the field 'links' should be an object")]
    public async Task A_faulty_system_file_is_named(string text, string fault)
    {
        using TemporaryFolder folder = new();
        string file = Saved(folder, text);
        CommandRun run = await CommandRun.OfLine($"estimate llama-3.1-8b --on {file}");
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains($"{file}: {fault}", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_feature_is_shown_with_its_parameters()
    {
        JsonNode feature = await Json("features pipeline_parallel");
        Assert.Equal(["pipeline_parallel", "micro_batches"], feature["parameters"]!.AsArray().Select(p => p!["name"]!.GetValue<string>()));
    }

    [Theory]
    [InlineData("models")]
    [InlineData("models llama-3.1-8b")]
    [InlineData("hardware")]
    [InlineData("hardware h100")]
    [InlineData("features")]
    [InlineData("features lora")]
    [InlineData("estimate llama-3.1-8b --on h100")]
    [InlineData("compare llama-3.1-8b --on h100,a100")]
    [InlineData("showcase")]
    public async Task Every_data_command_prints_every_format(string line)
    {
        Assert.NotNull(JsonNode.Parse((await CommandRun.OfLine(line + " --format json")).Succeeded().Output));
        CommandRun csv = (await CommandRun.OfLine(line + " --format csv")).Succeeded();
        Assert.Matches("^[a-z0-9_]+(,[a-z0-9_]+)*$", csv.OutputLines[0]);
        CommandRun markdown = (await CommandRun.OfLine(line + " --format md")).Succeeded();
        Assert.Contains("| ---", markdown.Output, StringComparison.Ordinal);
        CommandRun table = (await CommandRun.OfLine(line)).Succeeded();
        Assert.DoesNotContain('\u001b', table.Output);
    }

    private static string Saved(TemporaryFolder folder, string text) => folder.Write("system.json", Encoding.UTF8.GetBytes(text));

    private static async Task<JsonNode> Json(string line) =>
        JsonNode.Parse((await CommandRun.OfLine(line + " --format json")).Succeeded().Output)!;
}
