using System.Reflection;
using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.Measurement.Watch;

/// <summary>The serving programs whose metrics can be read. Immutable; thread-safe.</summary>
public static class WatchedPrograms
{
    private const string Folder = "watch/";

    private static readonly string[] Described = ["program", "framework", "version", "source", "mark"];

    private static readonly string[] Figures =
    [
        "running", "waiting", "cache_use", "requests", "prompt_tokens", "output_tokens", "prompt_seconds", "output_seconds",
        "cached_tokens", "cache_queries", "cache_hits", "input_length", "output_length", "time_to_first_token", "time_per_output_token",
        "inter_token_latency", "end_to_end", "prefill", "queue",
    ];

    private static readonly Lazy<IReadOnlyList<WatchedProgram>> BuiltIn = new(Load);

    /// <summary>All of them, the longest mark first: this project's server has vLLM's names beside its own.</summary>
    public static IReadOnlyList<WatchedProgram> All => BuiltIn.Value;

    /// <summary>Whose metrics a page holds.</summary>
    /// <param name="samples">The page.</param>
    /// <param name="origin">Where it came from, for the error.</param>
    /// <exception cref="InferometerException">None of these programs.</exception>
    internal static WatchedProgram Recognise(IReadOnlyList<MetricSample> samples, string origin) =>
        All.FirstOrDefault(p => samples.Any(s => s.Name.StartsWith(p.Mark, StringComparison.Ordinal)))
            ?? throw new InferometerException(
                $"{origin}: {(samples.Count == 0 ? "the page of metrics is empty" : "none of its metrics is known")}; known are those of "
                    + $"{string.Join(", ", All.Select(p => p.Program))}. SGLang shows them with --enable-metrics, llama.cpp's server with "
                    + "--metrics.");

    internal static WatchedProgram Parse(JsonElement root, string source)
    {
        string Text(string name) => root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new InferometerException($"{source}: '{name}' is missing; it must be a text.");

        JsonProperty? unknown = root.EnumerateObject().Select(p => (JsonProperty?)p)
            .FirstOrDefault(p => !Described.Contains(p!.Value.Name, StringComparer.Ordinal)
                && !Figures.Contains(p.Value.Name, StringComparer.Ordinal));
        return unknown is { } wrong
            ? throw new InferometerException(
                $"{source}: '{wrong.Name}' is no figure.{NameSuggestion.For(wrong.Name, Figures)} Allowed: {string.Join(", ", Figures)}.")
            : new WatchedProgram
            {
                Program = Text("program"),
                Framework = Text("framework"),
                Version = Text("version"),
                Source = Text("source"),
                Mark = Text("mark"),
                Names = root.EnumerateObject().Where(p => p.Value.ValueKind == JsonValueKind.Array).ToDictionary(
                    p => p.Name, p => (EquatableList<WatchedName>)[.. p.Value.EnumerateArray().Select(n => NameOf(n, p.Name, source))],
                    StringComparer.Ordinal),
            };
    }

    // A name alone is that of all the versions that the file is of.
    private static WatchedName NameOf(JsonElement name, string figure, string source) => name.ValueKind switch
    {
        JsonValueKind.String => new WatchedName(name.GetString()!, null),
        JsonValueKind.Object when name.TryGetProperty("name", out JsonElement text) && name.TryGetProperty("versions", out JsonElement of)
            && name.EnumerateObject().Count() == 2 => new WatchedName(text.GetString()!, of.GetString()),
        _ => throw new InferometerException(
            $"{source}: '{figure}' holds {name.GetRawText()}; it must be a name, or an object with 'name' and 'versions'."),
    };

    private static WatchedProgram[] Load()
    {
        Assembly assembly = typeof(WatchedPrograms).Assembly;
        List<WatchedProgram> programs = [];
        foreach (string name in assembly.GetManifestResourceNames().Where(n => n.StartsWith(Folder, StringComparison.Ordinal)))
        {
            using Stream stream = assembly.GetManifestResourceStream(name)!;
            using JsonDocument document = JsonDocument.Parse(stream);
            programs.Add(Parse(document.RootElement, "catalog/" + name));
        }

        return [.. programs.OrderByDescending(p => p.Mark.Length).ThenBy(p => p.Program, StringComparer.Ordinal)];
    }
}
