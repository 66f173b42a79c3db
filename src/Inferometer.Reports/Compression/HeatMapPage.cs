using System.Globalization;
using System.Net;
using System.Text;
using Inferometer.Compression.Profiles;

namespace Inferometer.Reports.Compression;

/// <summary>A profile's ranks, bits and energy as one self-contained HTML page: a map per level, layers down, heads across.</summary>
public static class HeatMapPage
{
    /// <summary>The page.</summary>
    /// <param name="profile">The profile.</param>
    /// <param name="path">Its file, for the title.</param>
    public static string Of(CompressionProfile profile, string path)
    {
        ArgumentNullException.ThrowIfNull(profile);
        StringBuilder html = new();
        html.Append(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
                + "content=\"width=device-width, initial-scale=1\">\n");
        html.Append(
            CultureInfo.InvariantCulture, $"<title>{Text(Path.GetFileName(path))}</title>\n<style>\n{Style}</style>\n</head>\n<body>\n");
        html.Append(
            CultureInfo.InvariantCulture,
            $"<h1>{Text(Path.GetFileName(path))}</h1>\n<p>{Text(profile.Method)}, for {Text(profile.Fingerprint)}. ");
        html.Append(
            CultureInfo.InvariantCulture,
            $"Calibrated on {Text(profile.CalibrationText)} ({profile.CalibrationTokens.ToString("#,0", CultureInfo.InvariantCulture)} "
                + $"tokens), measured on {Text(profile.HoldOutText)}.</p>\n");
        foreach (ProfileLevel level in profile.Levels)
        {
            Level(html, profile, level);
        }

        return html.Append("</body>\n</html>\n").ToString();
    }

    private static void Level(StringBuilder html, CompressionProfile profile, ProfileLevel level)
    {
        double most = profile.Levels.SelectMany(each => HeadEnergy.Of(profile, each)).Max(head => head.BitsPerDimension);
        html.Append(
            CultureInfo.InvariantCulture,
            $"<h2>{Text(level.Name)}</h2>\n<p>{level.Allocation.BytesPerToken} bytes per token, {level.Loss.Saved * 100:0.0} % saved, ");
        html.Append(
            CultureInfo.InvariantCulture,
            $"perplexity {level.Loss.PerplexityIncrease * 100:+0.000;-0.000} %, divergence {level.Loss.KlDivergence:0.000000} nats per "
                + $"token, same first choice {level.Loss.TopOneAgreement * 100:0.00} %. ");
        IReadOnlyList<HeadEnergy> heads = HeadEnergy.Of(profile, level);
        html.Append(
            CultureInfo.InvariantCulture,
            $"Colour: bits stored per dimension, 0 to {most:0.00}, the same for all levels; the number is the rank; hover for energy "
                + $"and segments.</p>\n<table>\n<tr><th>layer</th>");
        foreach (HeadEnergy head in heads.Where(h => h.Layer == 0).OrderBy(h => !h.IsKeys))
        {
            html.Append(CultureInfo.InvariantCulture, $"<th colspan=\"{head.GroupSize}\">{(head.IsKeys ? "K" : "V")}{head.Heads}</th>");
        }

        html.Append("</tr>\n");
        foreach (IGrouping<int, HeadEnergy> layer in heads.GroupBy(h => h.Layer))
        {
            html.Append(CultureInfo.InvariantCulture, $"<tr><th>{layer.Key}</th>");
            foreach (HeadEnergy head in layer.OrderBy(h => !h.IsKeys))
            {
                double share = head.BitsPerDimension / most;
                html.Append(
                    CultureInfo.InvariantCulture,
                    $"<td colspan=\"{head.GroupSize}\" style=\"background:hsl(205 70% "
                        + $"{95 - (share * 60):0}%);color:{(share > 0.5 ? "#fff" : "#123")}\" ");
                html.Append(
                    CultureInfo.InvariantCulture,
                    $"title=\"rank {head.Rank} of {head.Width}, {head.BitsPerDimension:0.00} bits per dimension, energy "
                        + $"{head.Energy * 100:0.0} %, segments {head.Format}\">{head.Rank}</td>");
            }

            html.Append("</tr>\n");
        }

        html.Append("</table>\n");
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private const string Style = """
        body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #123; }
        h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
        table { border-collapse: separate; border-spacing: 2px; }
        th { font-weight: 500; padding: 0.2rem 0.5rem; color: #567; }
        td { min-width: 3rem; padding: 0.35rem 0.5rem; text-align: center; border-radius: 3px; font-variant-numeric: tabular-nums; }

        """;
}
