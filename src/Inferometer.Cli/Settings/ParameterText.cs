using System.Text.Json;
using System.Text.Json.Nodes;
using Inferometer.Cli.Hosting;
using Inferometer.Core.Catalog;

namespace Inferometer.Cli.Settings;

/// <summary>Reads <c>name=value</c> texts into parameters.</summary>
internal static class ParameterText
{
    private const string OwnSystem = "a system of your own is flops=TFLOPS,memory_size=GB,memory_bw=GB/s,icn=GB/s";

    // As the keys of a custom system are written in configurations.
    private static readonly string[] SystemKeys = ["Flops", "Memory_size", "Memory_BW", "ICN"];

    /// <summary>A text that <see cref="Parse"/> takes by itself.</summary>
    /// <exception cref="UsageException">No equals sign, or no name.</exception>
    public static string Checked(string text)
    {
        _ = PathOf(text);
        return text;
    }

    /// <summary>
    /// Reads texts such as <c>micro_batches=4</c>, <c>lora.rank=8</c> (a member of a group) or <c>decode_kv_sizes=[512,1024]</c>.
    /// </summary>
    /// <exception cref="UsageException">No equals sign, no name, or a member of something that is no group.</exception>
    public static JsonObject Parse(IEnumerable<string> texts)
    {
        JsonObject root = [];
        foreach (string text in texts)
        {
            string[] path = PathOf(text);
            JsonObject owner = root;
            foreach (string group in path[..^1])
            {
                owner[group] ??= new JsonObject();
                owner = owner[group] as JsonObject
                    ?? throw new UsageException($"--param: '{text}' is not allowed; '{group}' was given a value before and is no group.");
            }

            owner[path[^1]] = Value(text[(text.IndexOf('=', StringComparison.Ordinal) + 1)..].Trim());
        }

        return root;
    }

    /// <summary>
    /// Reads a system of the user's own: <c>flops=312,memory_size=80,memory_bw=2039,icn=300</c> (TFLOPS, GB, GB/s, GB/s), or a JSON object
    /// with these names, as configurations and requests have it.
    /// </summary>
    /// <exception cref="UsageException">Another name, no number, or one that is missing or absurd.</exception>
    public static JsonObject ParseSystem(string text, string origin)
    {
        JsonObject system = [];
        if (text.TrimStart().StartsWith('{'))
        {
            text = string.Join(',', Members(text, origin).Select(m => $"{m.Key}={m.Value?.ToJsonString() ?? "null"}"));
        }

        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            string[] pair = part.Split('=', 2, StringSplitOptions.TrimEntries);
            string? key = SystemKeys.FirstOrDefault(k => string.Equals(k, pair[0], StringComparison.OrdinalIgnoreCase));
            JsonNode? value = pair.Length == 2 ? Value(pair[1]) : null;
            system[key ?? throw Wrong(part, origin)] = value is JsonValue v && v.TryGetValue(out double number) && double.IsFinite(number)
                ? value : throw Wrong(part, origin);
        }

        if (SystemKeys.FirstOrDefault(k => !system.ContainsKey(k)) is { } missing)
        {
            throw new UsageException($"{origin}: {missing.ToLowerInvariant()} is missing; {OwnSystem}.");
        }

        // The figures themselves are checked where they are declared.
        UsageException.Checking(() => InlineSystem.Parse(JsonElement.Parse(system.ToJsonString()), origin));
        return system;
    }

    private static JsonObject Members(string text, string origin)
    {
        try
        {
            return JsonNode.Parse(text)!.AsObject();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new UsageException($"{origin}: '{text}' is not a JSON object; {OwnSystem}, or the same as {{\"flops\": TFLOPS, ...}}.");
        }
    }

    private static string[] PathOf(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        string[] path = equals < 1 ? [] : text[..equals].Trim().Split('.');
        return path.Length > 0 && !path.Any(string.IsNullOrWhiteSpace)
            ? path
            : throw new UsageException(Domains.Wrong("--param", text, "name=value or group.name=value").Message);
    }

    private static UsageException Wrong(string part, string origin) =>
        new($"{origin}: '{part}' is not allowed; {OwnSystem}.");

    // What is not JSON is a text: no quotes are needed around names.
    private static JsonNode? Value(string text)
    {
        try
        {
            return JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (JsonException)
        {
            return JsonValue.Create(text);
        }
    }
}
