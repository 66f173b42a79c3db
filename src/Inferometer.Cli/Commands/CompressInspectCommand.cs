using System.CommandLine;
using Inferometer.Cli.Output;
using Inferometer.Compression.Profiles;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer compress inspect</c>: what a profile keeps, per layer and head.</summary>
internal static class CompressInspectCommand
{
    public static Command Create(Printer printer)
    {
        Argument<string> file = new("PROFILE") { Description = "A profile that 'compress build' wrote." };
        Option<string> level = new("--level") { HelpName = "low|med|high", Description = "Level to show. [default: med]" };
        Option<string> html = new("--html") { HelpName = "FILE", Description = "Write a heat map for a browser, too." };
        Option<OutputFormat> format = Printer.FormatOption();
        ExampleCommand command = new(
            "inspect",
            "Shows the losses of a profile's levels and, of one, ranks, bits and energy kept per layer and head.",
            "inferometer compress inspect ./model.kvprofile --level low --html map.html")
        {
            file, level, html, format,
        };
        command.SetAction(parsed =>
        {
            string path = parsed.GetValue(file)!;
            string chosen = parsed.GetValue(level) ?? "med";
            CompressionProfile profile = CompressionProfile.Load(path);
            Document document = Summary(path, profile);
            document.Blocks.Add(Heads(profile, chosen));
            if (parsed.GetValue(html) is { } target)
            {
                File.WriteAllText(target, ProfileHeatMap.ToHtml(profile, chosen));
            }

            printer.Print(document, parsed.GetValue(format));
            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>Origin and levels of a profile.</summary>
    internal static Document Summary(string path, CompressionProfile profile)
    {
        Table levels = new(
            "levels", "Levels", Column.Text("level", "level"), Column.Number("bound", "perplexity_bound"), Column.Number("saved", "saved"),
            Column.Number("bytes/token", "bytes_per_token"), Column.Number("perplexity", "perplexity_increase"), Column.Number("KL, nats", "kl_divergence_nats"), Column.Number("same top token", "top_one_agreement"));
        foreach (ProfileLevel level in profile.Levels)
        {
            levels.Add(
                level.Name, Cell.Share(level.PerplexityBound), Cell.Share(level.Loss.Saved), level.Allocation.BytesPerToken, CompressEvalCommand.Increase(level.Loss.PerplexityIncrease),
                Cell.Number(level.Loss.KlDivergence), CompressEvalCommand.Agreement(level.Loss.TopOneAgreement));
        }

        return new Document(
            new Facts(null,
            [
                new("Profile", "profile", path),
                new("Model", "fingerprint", profile.Fingerprint),
                new("Method", "method", profile.Method),
                new("Calibration", "calibration", new Cell($"{profile.CalibrationText}, {Numbers.Whole(profile.CalibrationTokens)} tokens", profile.CalibrationText)),
                new("Losses on", "hold_out", profile.HoldOutText),
            ]),
            levels);
    }

    private static Table Heads(CompressionProfile profile, string level)
    {
        Table table = new(
            "heads", $"Level {level}: latents kept", Column.Number("layer", "layer"), Column.Number("head", "head"), Column.Text("of", "part"), Column.Number("rank", "rank"),
            Column.Number("width", "width"), Column.Bars(), Column.Number("energy", "energy_kept"), Column.Number("bytes", "bytes_per_token"), Column.Text("numbers x bits", "format"));
        foreach (HeadSummary head in HeadSummary.Of(profile, level))
        {
            table.Add(
                head.Layer, head.Head, head.Part, head.Rank, head.Width, Cell.BarOf((double)head.Rank / head.Width), Cell.Share(head.Energy), head.BytesPerToken, head.Format);
        }

        return table;
    }
}
