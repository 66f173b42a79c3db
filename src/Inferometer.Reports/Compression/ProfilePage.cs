using Inferometer.Compression.Profiles;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Compression;

/// <summary>
/// What a profile is: where it comes from, its levels with the losses measured when it was made, and ranks, bits and energy per layer and
/// head.
/// </summary>
public static class ProfilePage
{
    // From little to much; the last is the most of the level.
    private const string Shades = ".:-=+*#%@";

    /// <summary>The page.</summary>
    /// <param name="profile">The profile.</param>
    /// <param name="path">Its file.</param>
    public static Document Of(CompressionProfile profile, string path)
    {
        ArgumentNullException.ThrowIfNull(profile);
        Table levels = new(
            "levels", "Levels (losses measured on the hold-out text)", Column.Text("level", "level"),
            Column.Number("bound", "perplexity_bound"), Column.Number("KL bound", "kl_bound_nats"),
            Column.Number("bytes/token", "bytes_per_token"),
            Column.Number("saved", "saved"), Column.Number("perplexity", "perplexity_increase"),
            Column.Number("KL nats/token", "kl_divergence_nats"), Column.Number("top-1", "top_one_agreement"));
        foreach (ProfileLevel level in profile.Levels)
        {
            levels.Add(
                level.Name, Cell.Number(level.PerplexityBound, "+" + Numbers.Percent(level.PerplexityBound)), Cell.Number(level.KlBound),
                level.Allocation.BytesPerToken, Cell.Share(level.Loss.Saved),
                Increase(level.Loss.PerplexityIncrease), Cell.Number(level.Loss.KlDivergence), Agreement(level.Loss.TopOneAgreement));
        }

        return new Document(
            new Facts(null,
            [
                new("Profile", "profile", path),
                new("Method", "method", profile.Method),
                new("Model", "fingerprint", profile.Fingerprint),
                new(
                    "Calibrated on", "calibration_text",
                    new Cell($"{profile.CalibrationText}, {Numbers.Whole(profile.CalibrationTokens)} tokens", profile.CalibrationText)),
                new("Measured on", "hold_out_text", profile.HoldOutText),
            ]),
            levels);
    }

    /// <summary>The page with the heads of one level: a map of bits, and a table.</summary>
    /// <param name="profile">The profile.</param>
    /// <param name="path">Its file.</param>
    /// <param name="level">The level to show head by head.</param>
    public static Document Of(CompressionProfile profile, string path, ProfileLevel level)
    {
        ArgumentNullException.ThrowIfNull(level);
        Document page = Of(profile, path);
        IReadOnlyList<HeadEnergy> heads = HeadEnergy.Of(profile, level);
        double most = heads.Max(head => head.BitsPerDimension);
        string title =
            $"Bits per dimension at '{level.Name}', layers down, heads across: keys | values ({Shades} = 0 to {Numbers.Fixed(most, 2)})";
        page.Blocks.Add(new Sentences("heat_map", title, Map(heads, most)) { Bulleted = false, IsDrawing = true });
        page.Blocks.Add(Heads(heads, level.Name));
        return page;
    }

    /// <summary>A relative change of perplexity with its sign.</summary>
    public static Cell Increase(double fraction) =>
        Cell.Number(fraction, (fraction >= 0 ? "+" : "") + Numbers.Fixed(fraction * 100, 3) + " %");

    /// <summary>A share near one, with two decimals of a percent.</summary>
    public static Cell Agreement(double share) => Cell.Number(share, Numbers.Fixed(share * 100, 2) + " %");

    private static IReadOnlyList<string> Map(IReadOnlyList<HeadEnergy> heads, double most) =>
    [
        .. heads.GroupBy(h => h.Layer).Select(layer => $"{layer.Key,4}  {Row(layer, keys: true, most)} | {Row(layer, keys: false, most)}"),
    ];

    private static string Row(IEnumerable<HeadEnergy> layer, bool keys, double most) =>
        string.Concat(layer.Where(h => h.IsKeys == keys).Select(h => new string(ShadeOf(h, most), 2 * h.GroupSize)));

    private static char ShadeOf(HeadEnergy head, double most) =>
        Shades[(int)Math.Clamp(head.BitsPerDimension / most * Shades.Length, 0, Shades.Length - 1)];

    private static Table Heads(IReadOnlyList<HeadEnergy> heads, string level)
    {
        Table table = new(
            "heads", $"Heads at '{level}'", Column.Number("layer", "layer"), Column.Text("head", "head"), Column.Text("of", "kind"),
            Column.Number("rank", "rank"),
            Column.Number("", "width") with { Audience = Audience.Machines }, Column.Number("bits", "mean_bits"),
            Column.Number("energy", "energy"), Column.Bars(), Column.Text("segments", "segments"));
        foreach (HeadEnergy head in heads)
        {
            table.Add(
                head.Layer, head.Heads, head.IsKeys ? "keys" : "values", head.Rank, head.Width,
                Cell.Number(head.Bits, Numbers.Fixed(head.Bits, 1)),
                Cell.Number(head.Energy, Numbers.Fixed(head.Energy * 100, 1) + " %"), Cell.BarOf(head.Energy), head.Format);
        }

        return table;
    }
}
