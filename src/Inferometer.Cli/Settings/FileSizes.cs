namespace Inferometer.Cli.Settings;

/// <summary>Sizes of files, as llama.cpp's gguf-split writes them: <c>500M</c> or <c>4G</c>, powers of ten.</summary>
internal static class FileSizes
{
    private const string Allowed = "a whole number of at least 1 followed by M (10^6 bytes) or G (10^9), such as 4G";

    /// <summary>As a value of an option, in bytes.</summary>
    public static Domain<long> Domain { get; } = new("N(M|G)", null, (text, origin) =>
    {
        long unit = text.Length == 0 ? 0 : text[^1] switch
        {
            'M' or 'm' => 1_000_000,
            'G' or 'g' => 1_000_000_000,
            _ => 0,
        };
        return unit > 0 && Domains.TryWhole(text[..^1], out long count) && count > 0 && count <= long.MaxValue / unit
            ? count * unit
            : throw Domains.Wrong(origin, text, Allowed);
    });
}
