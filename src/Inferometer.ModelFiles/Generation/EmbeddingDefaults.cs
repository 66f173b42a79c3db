using System.Text.Json;
using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.ModelFiles.Generation;

/// <summary>
/// How a model's makers turn the states of a text into its vector: <c>modules.json</c> and the pooling module's <c>config.json</c> of a
/// Hugging Face folder, as sentence-transformers writes them, or <c>{architecture}.pooling_type</c> of a GGUF file. Immutable.
/// </summary>
/// <param name="Pooling">How states become one vector; null = nothing is said.</param>
/// <param name="Normalises">Whether vectors are scaled to length 1; null = nothing is said.</param>
public sealed record EmbeddingDefaults(EmbeddingPooling? Pooling, bool? Normalises)
{
    /// <summary>Nothing said.</summary>
    public static EmbeddingDefaults None { get; } = new(null, null);

    /// <summary>Why vectors as the makers meant them cannot be made; null where they can. The model runs all the same.</summary>
    public string? Refusal { get; init; }

    /// <summary>Which states a classification head reads, where the files say (<c>classifier_pooling</c> of ModernBERT).</summary>
    public EmbeddingPooling? ClassifierPooling { get; init; }

    /// <summary>What is left out because it is faulty, a line each.</summary>
    public EquatableList<string> Notes { get; init; } = [];

    /// <summary>What a Hugging Face folder says.</summary>
    /// <param name="folder">The folder.</param>
    public static EmbeddingDefaults OfFolder(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        using JsonDocument? config = OptionalJson.Read(Path.Combine(folder, "config.json"), out _);
        EmbeddingPooling? classifier = (config?.RootElement ?? default).Member("classifier_pooling").StringOrNull() switch
        {
            "mean" => EmbeddingPooling.Mean,
            "cls" => EmbeddingPooling.Cls,
            _ => null,
        };
        return OfModules(folder) with { ClassifierPooling = classifier };
    }

    private static EmbeddingDefaults OfModules(string folder)
    {
        string list = Path.Combine(folder, "modules.json");
        if (!File.Exists(list))
        {
            return None;
        }

        EmbeddingDefaults pooling = None;
        bool normalises = false;
        try
        {
            using var modules = JsonDocument.Parse(File.ReadAllBytes(list));
            foreach (JsonElement module in modules.RootElement.EnumerateArray())
            {
                string kind = module.Member("type").StringOrNull() ?? "";
                normalises |= kind.EndsWith(".Normalize", StringComparison.Ordinal);
                if (kind.EndsWith(".Pooling", StringComparison.Ordinal))
                {
                    // A folder beside the file: the name of a stranger's choice must not lead elsewhere.
                    string name = Path.GetFileName(module.Member("path").StringOrNull() ?? "");
                    pooling = OfModule(Path.Combine(folder, name is ".." ? "" : name, "config.json"));
                }
                else if (kind.EndsWith(".Dense", StringComparison.Ordinal))
                {
                    return None with { Refusal = $"{list}: vectors go through a dense layer behind the pooling, which is not run." };
                }
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return None with { Notes = [$"{list}: is no list of modules ({error.Message}); the file is left out."] };
        }

        return pooling with { Normalises = normalises };
    }

    /// <summary>What a GGUF file says.</summary>
    /// <param name="header">Its header.</param>
    public static EmbeddingDefaults Of(GgufHeader header)
    {
        ArgumentNullException.ThrowIfNull(header);

        // As llama.cpp numbers them: none, mean, cls, last, rank.
        string architecture = header.GetString("general.architecture", null) ?? "";
        return header.Metadata.GetValueOrDefault(architecture + ".pooling_type")?.AsDouble() switch
        {
            1 => new EmbeddingDefaults(EmbeddingPooling.Mean, null),
            2 => new EmbeddingDefaults(EmbeddingPooling.Cls, null),
            3 => new EmbeddingDefaults(EmbeddingPooling.Last, null),
            _ => None,
        };
    }

    private static EmbeddingDefaults OfModule(string path)
    {
        using JsonDocument? document = OptionalJson.Read(path, out string? note);
        if (note is not null)
        {
            return None with { Notes = [note] };
        }

        JsonElement module = document?.RootElement ?? default;
        string[] chosen =
        [
            .. module.ValueKind == JsonValueKind.Object
                ? module.EnumerateObject().Where(member => member.Name.StartsWith("pooling_mode_", StringComparison.Ordinal)
                    && member.Value.IsTrue()).Select(member => member.Name["pooling_mode_".Length..])
                : [],
            .. module.Member("pooling_mode").StringOrNull() is { } one ? [one] : (string[])[],
        ];
        return chosen switch
        {
            [] => None,
            ["mean_tokens" or "mean"] => None with { Pooling = EmbeddingPooling.Mean },
            ["cls_token" or "cls"] => None with { Pooling = EmbeddingPooling.Cls },
            ["lasttoken" or "last"] => None with { Pooling = EmbeddingPooling.Last },
            _ => None with
            {
                Refusal = $"{path}: vectors are pooled by {string.Join(" and ", chosen)}; mean_tokens, cls_token and lasttoken are "
                    + "supported.",
            },
        };
    }
}
