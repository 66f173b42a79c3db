using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Simulation.Planning;

namespace Inferometer.Cli.Settings;

/// <summary>
/// The values of <c>--kv</c>, which say the same on every command: a number format of exact keys and values, or a compressed cache. The
/// engine
/// stores two number formats, estimates know all of them; the table in docs/commands.md has them.
/// </summary>
internal static class KvValues
{
    /// <summary>The formats in which the engine stores exact keys and values, by the name of the precision.</summary>
    private static readonly Dictionary<string, string> Stored = new(StringComparer.Ordinal) { ["fp16"] = "f16", ["fp32"] = "f32" };

    /// <summary>For commands that run a model over any cache: <c>f16</c>, <c>f32</c>, or how a compressed cache is named.</summary>
    public static Domain<string> ForEngine { get; } = new("f16|f32|" + CompressedCaches.Help, null, (text, origin) =>
        StoredFormat(text) ?? CompressedCaches.Find(text)
            ?? throw Domains.Wrong(origin, text, $"f16, f32, {CompressedCaches.Allowed}", PredictedAlone(text)));

    /// <summary>For commands that run a model over an exact cache alone.</summary>
    public static Domain<string> ExactForEngine { get; } = new("f16|f32", null, (text, origin) => StoredFormat(text)
        ?? throw Domains
            .Wrong(origin, text, "f16 or f32 here",
                CompressedCaches.Find(text) is null ? PredictedAlone(text) : " 'inferometer compress eval' measures compressed caches."));

    /// <summary>For commands that run a model over compressed caches alone.</summary>
    public static Domain<string> CompressedForEngine { get; } = new(CompressedCaches.Help, null, (text, origin) =>
        CompressedCaches.Find(text) ?? throw Domains.Wrong(origin, text, CompressedCaches.Allowed));

    private static string? StoredFormat(string text) => Known(text) is { } name ? Stored.GetValueOrDefault(name) : null;

    private static string PredictedAlone(string text) =>
        Known(text) is null ? "" : " The engine stores no other format; 'inferometer estimate' knows more.";

    private static string? Known(string text)
    {
        try
        {
            return Precision.Parse(text, "--kv").Name;
        }
        catch (InferometerException)
        {
            return null;
        }
    }
}
