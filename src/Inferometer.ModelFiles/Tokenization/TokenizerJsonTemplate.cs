using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>Reads the <c>post_processor</c> of a <c>tokenizer.json</c>: the ids put around a single text.</summary>
internal static class TokenizerJsonTemplate
{
    /// <summary>The ids before and after a text; null when the file says nothing about them.</summary>
    public static (IReadOnlyList<int> Prefix, IReadOnlyList<int> Suffix)? Read(JsonElement root, Vocabulary vocabulary)
    {
        return ReadProcessor(root.Member("post_processor"), vocabulary);
    }

    private static (IReadOnlyList<int> Prefix, IReadOnlyList<int> Suffix)? ReadProcessor(JsonElement processor, Vocabulary vocabulary)
    {
        if (!processor.IsPresent())
        {
            return null;
        }

        string? type = processor.Member("type").StringOrNull();
        switch (type)
        {
            case "ByteLevel":
                return null;
            case "TemplateProcessing":
                return ReadTemplate(processor, vocabulary);
            case "Sequence":
                return processor.GetProperty("processors").EnumerateArray()
                    .Select(inner => ReadProcessor(inner, vocabulary))
                    .FirstOrDefault(found => found is not null);
            default:
                throw new InferometerException(
                    $"{vocabulary.Source}: post-processor '{type}' is not supported; TemplateProcessing, ByteLevel and Sequence are.");
        }
    }

    private static (IReadOnlyList<int> Prefix, IReadOnlyList<int> Suffix) ReadTemplate(JsonElement processor, Vocabulary vocabulary)
    {
        List<int> prefix = [];
        List<int> suffix = [];
        List<int> current = prefix;
        foreach (JsonElement part in processor.GetProperty("single").EnumerateArray())
        {
            if (part.Member("Sequence").IsPresent())
            {
                current = suffix;
                continue;
            }

            string? name = part.Member("SpecialToken").Member("id").StringOrNull()
                ?? throw new InferometerException(
                    $"{vocabulary.Source}: a part of the post-processor's template is neither Sequence nor SpecialToken.");
            JsonElement ids = processor.Member("special_tokens").Member(name).Member("ids");
            current.AddRange(ids.ValueKind == JsonValueKind.Array
                ? ids.EnumerateArray().Select(id => id.GetInt32())
                : throw new InferometerException(
                    $"{vocabulary.Source}: the post-processor's template names '{name}' without giving its ids."));
        }

        return (prefix, suffix);
    }
}
