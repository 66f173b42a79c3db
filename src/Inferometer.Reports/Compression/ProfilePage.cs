using Inferometer.Compression.Profiles;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Compression;

/// <summary>What a profile is: where it comes from, its levels with the losses measured when it was made, and ranks, bits and energy per layer and head.</summary>
public static class ProfilePage
{
    /// <summary>The page.</summary>
    /// <param name="profile">The profile.</param>
    /// <param name="path">Its file.</param>
    public static Document Of(CompressionProfile profile, string path)
    {
        ArgumentNullException.ThrowIfNull(profile);
        Table levels = new(
            "levels", "Levels (losses measured on the hold-out text)", Column.Text("level", "level"), Column.Number("bound", "perplexity_bound"), Column.Number("KL bound", "kl_bound_nats"), Column.Number("bytes/token", "bytes_per_token"),
            Column.Number("saved", "saved"), Column.Number("perplexity", "perplexity_increase"), Column.Number("KL nats/token", "kl_divergence_nats"), Column.Number("top-1", "top_one_agreement"));
        foreach (ProfileLevel level in profile.Levels)
        {
            levels.Add(
                level.Name, Cell.Number(level.PerplexityBound, "+" + Numbers.Percent(level.PerplexityBound)), Cell.Number(level.KlBound), level.Allocation.BytesPerToken, Cell.Share(level.Loss.Saved),
                Increase(level.Loss.PerplexityIncrease), Cell.Number(level.Loss.KlDivergence), Agreement(level.Loss.TopOneAgreement));
        }

        return new Document(
            new Facts(null,
            [
                new("Profile", "profile", path),
                new("Method", "method", profile.Method),
                new("Model", "fingerprint", profile.Fingerprint),
                new("Calibrated on", "calibration_text", new Cell($"{profile.CalibrationText}, {Numbers.Whole(profile.CalibrationTokens)} tokens", profile.CalibrationText)),
                new("Measured on", "hold_out_text", profile.HoldOutText),
            ]),
            levels);
    }

    /// <summary>A relative change of perplexity with its sign.</summary>
    public static Cell Increase(double fraction) => Cell.Number(fraction, (fraction >= 0 ? "+" : "") + Numbers.Fixed(fraction * 100, 3) + " %");

    /// <summary>A share near one, with two decimals of a percent.</summary>
    public static Cell Agreement(double share) => Cell.Number(share, Numbers.Fixed(share * 100, 2) + " %");
}
