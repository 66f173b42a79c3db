using System.Globalization;
using Inferometer.Core.Catalog;
using Inferometer.Core.Models;
using Inferometer.Core.Weights;
using Inferometer.Tests;

namespace Inferometer.Core.Tests.Weights;

/// <summary>
/// docs/catalog.md lists the formats as they are. After a change of one, run the test once with INFEROMETER_WRITE_DOCS=1 in the
/// environment: that writes the table.
/// </summary>
public sealed class FormatDocsTests
{
    private const string Begin = "<!-- formats -->\n\n";
    private const string End = "\n<!-- end of formats -->";

    [Fact]
    public async Task The_page_lists_every_format_with_its_bytes()
    {
        string path = Path.Combine(SharedFolder.RepositoryRoot, "docs", "catalog.md");
        string page = (await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken)).ReplaceLineEndings("\n");
        int begin = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        int end = page.IndexOf(End, StringComparison.Ordinal);
        string renewed = string.Concat(page.AsSpan(0, begin), Table(), page.AsSpan(end));
        if (Environment.GetEnvironmentVariable("INFEROMETER_WRITE_DOCS") is "1")
        {
            await File.WriteAllTextAsync(path, renewed, TestContext.Current.CancellationToken);
            page = renewed;
        }

        Assert.Equal(renewed, page);
    }

    private static string Table()
    {
        ModelArchitecture llama = ModelCatalog.BuiltIn.Resolve("llama-3.1-8b");
        double parameters = ParameterCount.Of(llama).Total;
        IEnumerable<string> rows = WeightFormats.All.Select(format =>
        {
            double bytes = ResolvedWeights.Of(llama, WeightFormats.Find(format.Name, "docs")).TotalBytes;
            string names = string.Join(", ", format.Aliases.Prepend(format.Name).Select(n => $"`{n}`"));
            return string.Create(
                CultureInfo.InvariantCulture,
                $"| {names} | {format.Main.BytesPerElement:0.####} | {bytes / parameters:0.0000} | {bytes / 1e9:0.000} | ")
                + $"{format.Meaning} |\n";
        });
        return "| name | bytes per weight, most tensors | bytes per weight, Llama-3.1-8B | GB, Llama-3.1-8B | what is stored how |\n"
            + "| --- | --- | --- | --- | --- |\n" + string.Concat(rows);
    }
}
