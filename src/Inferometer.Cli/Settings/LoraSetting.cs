using System.Globalization;
using System.Text.Json.Nodes;
using Inferometer.Core;

namespace Inferometer.Cli.Settings;

/// <summary>Adapters as <c>--lora rank[:adapters[:merged]]</c> states them.</summary>
internal sealed record LoraSetting(int Rank, int Adapters, bool Merged)
{
    /// <summary>Reads the option's text; null for 0 or none.</summary>
    /// <exception cref="InferometerException">Another form.</exception>
    public static LoraSetting? Parse(string text, string origin)
    {
        if (text is "0" or "none")
        {
            return null;
        }

        string[] parts = text.Split(':');
        bool sound = parts.Length is >= 1 and <= 3 && Whole(parts[0]) is not null
            && (parts.Length < 2 || Whole(parts[1]) is not null)
            && (parts.Length < 3 || parts[2] is "merged" or "dynamic");
        return sound
            ? new LoraSetting(Whole(parts[0])!.Value, parts.Length > 1 ? Whole(parts[1])!.Value : 1, parts.Length > 2 && parts[2] is "merged")
            : throw new InferometerException($"{origin}: '{text}' is not allowed; it must be rank[:adapters[:merged]], such as 16 or 16:8 or 16:1:merged.");
    }

    public JsonObject ToJson() => new() { ["rank"] = Rank, ["adapters"] = Adapters, ["strategy"] = Merged ? "merged" : "dynamic" };

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Rank}:{Adapters}:{(Merged ? "merged" : "dynamic")}");

    private static int? Whole(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value > 0 ? value : null;
}
