using Inferometer.Measurement.Published;
using Inferometer.Measurement.Published.Layouts;
using Inferometer.Measurement.Replay;
using Inferometer.Simulation.Planning;
using Inferometer.Tests;

namespace Inferometer.Measurement.Tests.Published;

/// <summary>The shared tables are read whole, and what they name is found.</summary>
public sealed class SharedTablesTests
{
    private const string Folder = "reference/measurements/";

    [Theory]
    [InlineData("silicon.csv", 3554)]
    [InlineData("baseline_aiconfigurator.csv", 2312)]
    [InlineData("serving_traces.csv", 900)]
    [InlineData("llm_published.csv", 964)]
    [InlineData("published_by_users.csv", 58)]
    [InlineData("vidur_ops.csv", 40339)]
    [InlineData("llmservingsim_ops.csv", 13056)]
    [InlineData("infersim_kernels.csv", 2407)]
    [InlineData("kernels_gemm.csv", 61417)]
    [InlineData("kernels_attention.csv", 38587)]
    [InlineData("kernels_moe.csv", 23774)]
    [InlineData("kernels_allreduce.csv", 6397)]
    [InlineData("../gpu/steps.csv", 150)]
    [InlineData("../gpu/gemm.csv", 1216)]
    [InlineData("../gpu/attention.csv", 364)]
    [InlineData("../gpu/llama_cpp.csv", 64)]
    public void A_table_is_read_to_its_end(string file, int rows)
    {
        PublishedTable table = PublishedTableReader.Read(SharedFolder.Require(Folder + file));

        Assert.Equal(rows, table.Count);
        Assert.All(table.Operators, o => Assert.True(o.Microseconds > 0));
    }

    [Fact]
    public void Every_good_serving_row_names_a_model_and_a_machine_that_are_known()
    {
        string path = SharedFolder.Require(Folder + "silicon.csv");
        PublishedNames names = new(Catalogs.From(null), PublishedNames.ConfigFolderOf(path));
        ServingMeasurement[] good = [.. PublishedTableReader.Read(path).Serving.Where(r => r.IsGood)];

        Assert.Equal(1819, good.Length);
        Assert.Empty(good.Select(r => names.ModelOf(r.Model).Problem ?? names.SystemOf(r.System).Problem).OfType<string>().Distinct());
    }
}
