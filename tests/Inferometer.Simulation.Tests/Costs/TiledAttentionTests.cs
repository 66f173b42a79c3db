using Inferometer.Core.Catalog;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Tests.Costs;

/// <summary>Coefficients that are nothing unless operators were timed by themselves, worked out by hand.</summary>
public sealed class TiledAttentionTests
{
    // Of the catalog's H100_SXM; llama-3.1-8b has 32 heads of 128.
    private const double Peak = 989.4e12;
    private const double FlopsPerPair = 4 * 32 * 128;

    private static readonly EstimateRequest Request = new()
    {
        Architecture = ModelCatalog.BuiltIn.Resolve("llama-3.1-8b"),
        System = HardwareCatalog.BuiltIn.Find("h100"),
        Framework = FrameworkCatalog.Find("vllm", "test"),
    };

    [Fact]
    public void A_decoding_sequence_takes_a_tile_beside_prompts_and_none_by_itself()
    {
        CalibratedCostModel tiled = With((Coefficient.AttentionBeside, 64));
        PrefillChunk[] prompt = [new(0, 500)];
        DecodeGroup[] decode = [new(1000, 40)];

        // Each sequence has its 1000 pairs and a block of 128 keys, 64 times.
        OperatorRow beside = Row(tiled, "attention_decode", prompt, decode);
        double share = CalibrationSet.BuiltIn.Match(Request).Coefficients[Coefficient.AttentionMatrix];
        Assert.Equal(64 * 40 * (1000.0 + 128) * FlopsPerPair / (Peak * share), beside.ComputeSeconds, 1e-9);
        Assert.True(beside.Seconds > beside.ComputeSeconds);
        Assert.Equal(beside.MemorySeconds, Row(With(), "attention_decode", prompt, decode).MemorySeconds);

        Assert.Equal(Row(With(), "attention_decode", [], decode), Row(tiled, "attention_decode", [], decode));
        Assert.Equal(Row(With(), "attention_prefill", prompt, decode), Row(tiled, "attention_prefill", prompt, decode));
    }

    [Fact]
    public void Halves_of_tiles_beyond_the_diagonal_are_computed_too()
    {
        PrefillChunk[] prompt = [new(0, 500)];
        double before = Row(With(), "attention_prefill", prompt, []).ComputeSeconds;
        double pairs = 500 * 501 / 2.0;
        Assert.Equal(
            before * (pairs + (0.5 * 127 * 500)) / pairs,
            Row(With((Coefficient.AttentionTile, 128)), "attention_prefill", prompt, []).ComputeSeconds, 1e-9);
    }

    [Fact]
    public void A_chunk_of_a_long_prompt_waits_for_its_keys_one_after_the_other()
    {
        // 16 queries after 100,000 tokens: little arithmetic, and 20 ns a key.
        OperatorRow row = Row(With((Coefficient.AttentionSerial, 201)), "attention_prefill", [new(100_000, 16)], []);
        Assert.InRange(row.Seconds, 100_016 * 20e-9, 1.1 * 100_016 * 20e-9);
    }

    [Fact]
    public void Products_have_the_rows_of_tiles_partly_filled()
    {
        OperatorRow before = Row(With(), "down_projection", [new(0, 448)], []);
        OperatorRow after = Row(With((Coefficient.MatrixRows, 65)), "down_projection", [new(0, 448)], []);
        Assert.Equal(before.ComputeSeconds * 512 / 448, after.ComputeSeconds, 1e-9);
        Assert.Equal(before.MemorySeconds, after.MemorySeconds);
        Assert.Equal(before.Flops, after.Flops);
    }

    private static CalibratedCostModel With(params (Coefficient Coefficient, double Factor)[] factors) => new(
        CalibrationSet.BuiltIn.With(new CalibrationSet
        {
            Name = "mine",
            Layers = [new() { Framework = "vllm", Factors = [.. factors.Select(f => new CoefficientFactor(f.Coefficient, f.Factor))] }],
        }));

    private static OperatorRow Row(CalibratedCostModel model, string name, PrefillChunk[] prefill, DecodeGroup[] decode)
    {
        List<OperatorRow> rows = [];
        model.Prepare(Request).Step(prefill, decode, rows);
        return Assert.Single(rows, row => row.LayerClass <= 0 && string.Equals(row.Name, name, StringComparison.Ordinal));
    }
}
