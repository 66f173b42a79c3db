using Inferometer.Measurement.Published;
using Inferometer.Measurement.Published.Layouts;
using Inferometer.Measurement.Replay;
using Inferometer.Measurement.Validation;
using Inferometer.Simulation.Planning;

namespace Inferometer.Measurement.Tests.Replay;

/// <summary>Rows played through the serving simulation.</summary>
public sealed class SimulatedLoopPredictorTests
{
    private const string Header = "id,model,system,framework,precision,isl,osl,concurrency,ttft_ms,tpot_ms,flag,dup\n";

    [Fact]
    public void A_closed_loop_takes_about_as_long_simulated_as_by_its_formulas()
    {
        PublishedTable table = Read(
            "a,meta-llama/Llama-3.1-8B,h100_sxm,vllm,fp8,1000,100,1,200,10,,0\n"
            + "b,meta-llama/Llama-3.1-8B,h100_sxm,vllm,fp8,1000,100,32,200,10,,0\n"
            + "c,meta-llama/Llama-3.1-8B,h100_sxm,trtllm,fp8,500,200,64,200,10,,0\n");
        ReplaySetup setup = new(Catalogs.From(null));
        IServingPredictor formulas = new ClosedLoopPredictor(setup), simulation = new SimulatedLoopPredictor(setup);
        foreach (ServingMeasurement row in table.Serving)
        {
            ServingPrediction one = formulas.Predict(row), other = simulation.Predict(row);
            Assert.InRange(other.TpotMs!.Value / one.TpotMs!.Value, 0.85, 1.15);
            Assert.InRange(other.TtftMs!.Value / one.TtftMs!.Value, 0.5, 1.6);
            Assert.Equal(one.RestsOn, other.RestsOn);
            Assert.InRange(other.TtftMs.Value, other.TtftIntervalMs!.Value.Low, other.TtftIntervalMs.Value.High);
        }
    }

    [Fact]
    public void Equal_rows_give_equal_predictions()
    {
        PublishedTable table = Read("a,meta-llama/Llama-3.1-8B,h100_sxm,vllm,fp8,1000,100,8,200,10,,0\n");
        ReplaySetup setup = new(Catalogs.From(null));
        Assert.Equal(
            new SimulatedLoopPredictor(setup).Predict(table.Serving[0]), new SimulatedLoopPredictor(setup).Predict(table.Serving[0]));
    }

    [Fact]
    public void Every_so_manieth_good_row_of_one_engine_is_simulated()
    {
        PublishedTable table = Read(
            "a,meta-llama/Llama-3.1-8B,h100_sxm,vllm,fp8,100,10,1,30,10,,0\n"
            + "b,meta-llama/Llama-3.1-8B,h100_sxm,vllm,fp8,100,10,2,30,10,bad,0\n"
            + "c,meta-llama/Llama-3.1-8B,h100_sxm,vllm,fp8,100,10,3,30,10,,0\n"
            + "d,meta-llama/Llama-3.1-8B,h100_sxm,vllm,fp8,100,10,4,30,10,,0\n");
        ValidationResult result = TableValidation.Run(
            table, new ReplaySetup(Catalogs.From(null)), null, TestContext.Current.CancellationToken, simulateEvery: 2);

        Assert.Equal(["a", "d"], result.Comparisons.Select(c => c.Id).Distinct(StringComparer.Ordinal));
        Assert.Equal("calibrated, simulated", result.Predictor);
    }

    private static PublishedTable Read(string rows) => PublishedTableReader.Read(new StringReader(Header + rows), "t.csv");
}
