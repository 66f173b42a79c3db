using System.Globalization;
using Inferometer.Compression.Codecs;
using Inferometer.Core;

namespace Inferometer.Compression.Profiles;

/// <summary>Formats of a head group as text: <c>16x8,32x4/16x4</c>.</summary>
internal static class FormatText
{
    public static string Write(LatentFormat keys, LatentFormat values) => Write(keys) + "/" + Write(values);

    public static (LatentFormat Keys, LatentFormat Values) Read(string text, string source)
    {
        string[] halves = text.Split('/');
        return halves.Length == 2 ? (One(halves[0], text, source), One(halves[1], text, source)) : throw Wrong(text, source);
    }

    private static string Write(LatentFormat format) =>
        string.Join(',', format.Segments.Select(segment => string.Create(CultureInfo.InvariantCulture, $"{segment.Count}x{segment.Bits}")));

    private static LatentFormat One(string half, string text, string source) => new(half.Split(',').Select(part =>
        part.Split('x') is [string count, string bits]
        && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int numbers)
        && int.TryParse(bits, NumberStyles.None, CultureInfo.InvariantCulture, out int width)
            ? new LatentSegment(numbers, width)
            : throw Wrong(text, source)));

    private static InferometerException Wrong(string text, string source) =>
        new($"{source}: '{text}' is no format of latents, such as 16x8,32x4/16x4.");
}
