using System.Xml.Linq;
using Inferometer.Core;
using Inferometer.Sweeps.Tables;

namespace Inferometer.Sweeps.Tests.Tables;

public class SweepShowTests
{
    private const string Results = """
        point,system,tensor_parallel,batch_size,status,reason,tpot_ms,throughput_tokens_per_s
        0,h100,1,1,ok,,10,100
        1,h100,1,8,ok,,12,700
        2,h100,2,1,ok,,6,150
        3,h100,2,8,does_not_fit,too large,,
        4,a100,1,1,ok,,20,50
        5,a100,1,8,ok,,24,300
        6,a100,2,1,ok,,13,80
        7,a100,2,8,ok,,15,
        """;

    [Fact]
    public async Task A_pivot_table_has_a_row_and_a_column_for_each_value_and_the_best_in_its_cells()
    {
        Assert.Equal("tensor_parallel,1,8\n1,10,12\n2,6,15\n", await ShowAsync("--rows", "tp", "--columns", "batch", "--value", "tpot"));
        Assert.Equal(
            "tensor_parallel,1,8\n1,100,700\n2,150,\n", await ShowAsync("--rows", "tp", "--columns", "batch", "--value", "throughput"));
        Assert.Equal("system,tpot_ms\nh100,9.333333333333334\na100,18\n",
            await ShowAsync("--rows", "on", "--value", "tpot", "--by", "mean"));
        Assert.Equal("system,tpot_ms\nh100,3\na100,4\n", await ShowAsync("--rows", "on", "--value", "tpot", "--by", "count"));
        Assert.Equal("system,tpot_ms\nh100,10\na100,17.5\n", await ShowAsync("--rows", "on", "--value", "tpot", "--by", "median"));
    }

    [Fact]
    public async Task Rows_are_filtered_sorted_and_cut()
    {
        Assert.Equal(
            "point,system,tensor_parallel,batch_size,status,tpot_ms\n6,a100,2,1,ok,13\n7,a100,2,8,ok,15\n",
            await ShowAsync("--where", "system=A100", "--value", "tpot", "--sort", "tpot", "--top", "2"));
        Assert.Equal(
            "point,system,tensor_parallel,batch_size,status,tpot_ms\n3,h100,2,8,does_not_fit,\n",
            await ShowAsync("--where", "tp>=2", "--where", "status!=ok", "--value", "tpot"));
        Assert.StartsWith("point,", await ShowAsync("--sort", "tpot:desc"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--value 'tpp' is not a column", "--rows", "tp", "--value", "tpp")]
    [InlineData("a pivot table shows one value", "--rows", "tp")]
    [InlineData("none of the 8 rows meets tp>4", "--where", "tp>4")]
    [InlineData("'system' holds texts", "--where", "system>4")]
    [InlineData("'tp' is not allowed; it must be a column", "--where", "tp")]
    [InlineData("--sort is of a list", "--rows", "tp", "--value", "tpot", "--sort", "tpot")]
    [InlineData("--by is of a pivot table", "--by", "mean")]
    [InlineData("must be a file that ends in .svg or .html", "--rows", "tp", "--value", "tpot", "--plot", "x.png")]
    [InlineData("it draws a pivot table", "--plot", "terminal")]
    public async Task What_cannot_be_shown_is_said(string said, params string[] options)
    {
        using ScratchFolder folder = new();
        ProgramRun run = await ProgramRun.Of(["sweep", "show", folder.Write("r.csv", Results), .. options]);
        Assert.NotEqual(0, run.Code);
        Assert.Contains(said.Replace("--value '", "--value: '", StringComparison.Ordinal), run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plots_are_whole_drawings_with_a_line_for_each_column()
    {
        using ScratchFolder folder = new();
        string file = folder.Write("r.csv", Results);
        string[] pivot = ["sweep", "show", file, "--rows", "batch", "--columns", "tp", "--value", "tpot"];
        ProgramRun text = (await ProgramRun.Of([.. pivot, "--plot", "terminal"])).Succeeded();
        Assert.Contains("a  tensor_parallel 1", text.Output, StringComparison.Ordinal);
        (await ProgramRun.Of([.. pivot, "--plot", folder["p.svg"]])).Succeeded();
        var svg = XDocument.Load(folder["p.svg"]);
        Assert.Equal(2, svg.Descendants().Count(e => e.Name.LocalName is "polyline"));
        Assert.Equal(4 + 2, svg.Descendants().Count(e => e.Name.LocalName is "circle"));
        (await ProgramRun.Of([.. pivot, "--plot", folder["p.html"]])).Succeeded();
        Assert.Contains(
            "<td>15</td>", await File.ReadAllTextAsync(folder["p.html"], TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_could_be_several_columns_is_refused_with_these()
    {
        ColumnNames names = new([]);
        InferometerException error = Assert.Throws<InferometerException>(
            () => names.Find("ttft", ["mean_ttft_ms", "median_ttft_ms", "rate"], "--value"));
        Assert.Contains("It could be mean_ttft_ms, median_ttft_ms.", error.Message, StringComparison.Ordinal);
        Assert.Equal("rate", names.Find("--rate", ["mean_ttft_ms", "rate"], "--value"));
    }

    private static async Task<string> ShowAsync(params string[] options)
    {
        using ScratchFolder folder = new();
        ProgramRun run = await ProgramRun.Of(["sweep", "show", folder.Write("r.csv", Results), .. options, "-f", "csv"]);
        string output = run.Succeeded().Output;
        return output[..(output.IndexOf("\n\n", StringComparison.Ordinal) + 1)];
    }
}
