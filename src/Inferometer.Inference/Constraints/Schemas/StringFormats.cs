namespace Inferometer.Inference.Constraints.Schemas;

/// <summary>Formats of strings as patterns. Each is narrower than its standard, so that every text of it is a sound one.</summary>
internal static class StringFormats
{
    // RFC 3339; without the 29th of February and without leap seconds.
    private const string Date =
        "[1-9][0-9]{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))";

    private const string Time = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,6})?(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])";
    private const string Label = "[a-z0-9](?:[a-z0-9-]{0,20}[a-z0-9])?";
    private const string Host = Label + "(?:\\." + Label + "){0,3}";

    public static IReadOnlyDictionary<string, string> Patterns { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["date"] = $"^{Date}$",
        ["time"] = $"^{Time}$",
        ["date-time"] = $"^{Date}T{Time}$",
        ["uuid"] = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", // RFC 9562
        ["ipv4"] = "^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\\.){3}(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])$", // RFC 2673
        ["hostname"] = $"^[a-z](?:[a-z0-9-]{{0,20}}[a-z0-9])?(?:\\.{Label}){{0,3}}$", // RFC 1123
        ["email"] = $"^[A-Za-z0-9_]+(?:[.+-][A-Za-z0-9_]+){{0,4}}@{Host}\\.[a-z]{{2,8}}$", // RFC 5321
        ["uri"] = $"^https?://[a-z](?:[a-z0-9-]{{0,20}}[a-z0-9])?(?:\\.{Label}){{0,3}}"
            + "(?:/[A-Za-z0-9._~-]*)*(?:\\?[A-Za-z0-9._~=&-]+)?(?:#[A-Za-z0-9._~-]+)?$", // RFC 3986
    };
}
