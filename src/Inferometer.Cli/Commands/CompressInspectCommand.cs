using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Compression.Profiles;
using Inferometer.Reports.Compression;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer compress inspect</c>: ranks, bits and energy of a profile per layer and head.</summary>
internal sealed class CompressInspectCommand
{
    // From little to much; the last is the most of the level.
    private const string Shades = ".:-=+*#%@";

    private readonly Argument<string> _profile = new("PROFILE") { Description = "A profile file." };
    private readonly Option<string> _level = new("--level") { HelpName = "low|med|high", Description = "Level to show head by head.", DefaultValueFactory = _ => "med" };
    private readonly Option<string> _html = new("--html") { HelpName = "FILE", Description = "Also write the heat maps of all levels as a page." };
    private readonly Option<OutputFormat> _format = Printer.FormatOption();
    private readonly Printer _printer;

    private CompressInspectCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        CompressInspectCommand self = new(printer);
        ExampleCommand command = new(
            "inspect",
            "Shows a profile: its levels with their measured losses, and ranks, bits and energy of every head as a heat map.",
            "inferometer compress inspect model.kvprofile",
            "inferometer compress inspect model.kvprofile --level low --html map.html")
        {
            self._profile, self._level, self._html, self._format,
        };
        command.SetAction(self.Run);
        return command;
    }

    private Task<int> Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        string path = parsed.GetValue(_profile)!;
        CompressionProfile profile = CompressionProfile.Load(path);
        ProfileLevel level = profile.Level(parsed.GetValue(_level)!);
        IReadOnlyList<HeadEnergy> heads = HeadEnergy.Of(profile, level);
        if (parsed.GetValue(_html) is { } html)
        {
            File.WriteAllText(html, HeatMapPage.Of(profile, path));
        }

        Document page = ProfilePage.Of(profile, path);
        double most = heads.Max(head => head.BitsPerDimension);
        page.Blocks.Add(new Sentences(
            "heat_map", $"Bits per dimension at '{level.Name}', layers down, heads across: keys | values ({Shades} = 0 to {Numbers.Fixed(most, 2)})", Map(heads, most))
        { Bulleted = false, IsDrawing = true });
        page.Blocks.Add(Heads(heads, level.Name));
        _printer.Print(page, parsed.GetValue(_format));
        return Task.FromResult(ExitCode.Success);
    }

    private static IReadOnlyList<string> Map(IReadOnlyList<HeadEnergy> heads, double most) =>
        [.. heads.GroupBy(h => h.Layer).Select(layer => $"{layer.Key,4}  {Row(layer, keys: true, most)} | {Row(layer, keys: false, most)}")];

    private static string Row(IEnumerable<HeadEnergy> layer, bool keys, double most) =>
        string.Concat(layer.Where(h => h.IsKeys == keys).Select(h => new string(Shades[(int)Math.Clamp(h.BitsPerDimension / most * Shades.Length, 0, Shades.Length - 1)], 2 * h.GroupSize)));

    private static Table Heads(IReadOnlyList<HeadEnergy> heads, string level)
    {
        Table table = new(
            "heads", $"Heads at '{level}'", Column.Number("layer", "layer"), Column.Text("head", "head"), Column.Text("of", "kind"), Column.Number("rank", "rank"),
            Column.Number("", "width") with { Audience = Audience.Machines }, Column.Number("bits", "mean_bits"), Column.Number("energy", "energy"), Column.Bars(), Column.Text("segments", "segments"));
        foreach (HeadEnergy head in heads)
        {
            table.Add(
                head.Layer, head.Heads, head.IsKeys ? "keys" : "values", head.Rank, head.Width, Cell.Number(head.Bits, Numbers.Fixed(head.Bits, 1)),
                Cell.Number(head.Energy, Numbers.Fixed(head.Energy * 100, 1) + " %"), Cell.BarOf(head.Energy), head.Format);
        }

        return table;
    }
}
