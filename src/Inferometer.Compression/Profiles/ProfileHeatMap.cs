using System.Globalization;
using System.Net;
using System.Text;

namespace Inferometer.Compression.Profiles;

/// <summary>A level of a profile as a page for a browser: a cell per head, darker where more latents are kept. The page loads nothing from elsewhere.</summary>
public static class ProfileHeatMap
{
    private const string Style =
        "body{font:14px sans-serif;margin:2em}table{border-collapse:collapse;margin:1em 0}th,td{border:1px solid #999;padding:.4em .6em;text-align:center}caption{text-align:left;font-weight:bold;padding:.3em 0}";

    /// <summary>The page, in HTML.</summary>
    /// <param name="profile">The profile.</param>
    /// <param name="level">Name of the level.</param>
    /// <exception cref="Core.InferometerException">The profile has no such level.</exception>
    public static string ToHtml(CompressionProfile profile, string level)
    {
        IReadOnlyList<HeadSummary> heads = HeadSummary.Of(profile, level);
        ProfileLoss loss = profile.Level(level).Loss;
        StringBuilder page = new();
        page.Append("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Compression profile</title><style>").Append(Style).Append("</style>");
        page.Append("<h1>Compression profile, level ").Append(WebUtility.HtmlEncode(level)).Append("</h1><p>").Append(WebUtility.HtmlEncode(profile.Fingerprint)).Append("</p>");
        page.Append(CultureInfo.InvariantCulture, $"<p>{100 * loss.Saved:0.0} % saved per compressed token, perplexity {100 * loss.PerplexityIncrease:+0.000;-0.000} % on ");
        page.Append(WebUtility.HtmlEncode(profile.HoldOutText)).Append(", calibrated on ").Append(WebUtility.HtmlEncode(profile.CalibrationText)).Append("</p>");
        foreach (IGrouping<string, HeadSummary> part in heads.GroupBy(head => head.Part, StringComparer.Ordinal))
        {
            AppendTable(page, part.Key, part);
        }

        return page.Append("</html>\n").ToString();
    }

    private static void AppendTable(StringBuilder page, string part, IEnumerable<HeadSummary> heads)
    {
        page.Append("<table><caption>").Append(part).Append(": latents kept and their share of energy</caption><tr><th>layer</th>");
        ILookup<int, HeadSummary> layers = heads.ToLookup(head => head.Layer);
        for (int head = 0; head < layers.Max(layer => layer.Count()); head++)
        {
            page.Append(CultureInfo.InvariantCulture, $"<th>head {head}</th>");
        }

        page.Append("</tr>");
        foreach (IGrouping<int, HeadSummary> layer in layers)
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><th>{layer.Key}</th>");
            foreach (HeadSummary head in layer)
            {
                double share = (double)head.Rank / head.Width;
                string text = share > 0.6 ? "#fff" : "#000";
                page.Append(
                    CultureInfo.InvariantCulture,
                    $"<td title=\"{head.Format}, {head.BytesPerToken} bytes per token\" style=\"background:rgba(0,80,130,{share:0.00});color:{text}\">{head.Rank}<br>{100 * head.Energy:0.0} %</td>");
            }

            page.Append("</tr>");
        }

        page.Append("</table>");
    }
}
