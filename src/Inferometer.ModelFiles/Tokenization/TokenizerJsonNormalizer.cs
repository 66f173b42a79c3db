using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>Reads the <c>normalizer</c> of a <c>tokenizer.json</c>.</summary>
internal static class TokenizerJsonNormalizer
{
    /// <summary>Appends its steps.</summary>
    public static void Read(JsonElement normalizer, string source, List<NormalizerStep> steps)
    {
        if (!normalizer.IsPresent())
        {
            return;
        }

        string? type = normalizer.Member("type").StringOrNull();
        if (type is "Sequence")
        {
            foreach (JsonElement inner in normalizer.GetProperty("normalizers").EnumerateArray())
            {
                Read(inner, source, steps);
            }

            return;
        }

        // A table of replacements that is empty is written as null.
        if (type is "Precompiled" && !normalizer.Member("precompiled_charsmap").IsPresent())
        {
            return;
        }

        steps.Add(type switch
        {
            "Prepend" => new PrependStep(normalizer.GetProperty("prepend").GetString()!),
            "Replace" => Replace(normalizer, source),
            "Strip" => new StripStep(normalizer.Member("strip_left").IsTrue(), normalizer.Member("strip_right").IsTrue()),
            "NFC" => new ComposeStep(),
            "NFD" => new DecomposeStep(),
            "Lowercase" => new LowercaseStep(),
            "StripAccents" => new StripAccentsStep(),
            "Precompiled" => new PrecompiledStep(Map(normalizer.GetProperty("precompiled_charsmap"), source)),
            "BertNormalizer" => Bert(normalizer),
            _ => throw new InferometerException(
                $"{source}: normalizer '{type}' is not supported; Prepend, Replace, Strip, NFC, NFD, Lowercase, StripAccents, Precompiled, "
                    + "BertNormalizer and Sequence are."),
        });
    }

    private static NormalizerStep Replace(JsonElement replace, string source)
    {
        JsonElement pattern = replace.Member("pattern");
        string content = replace.GetProperty("content").GetString()!;
        if (pattern.Member("String").StringOrNull() is { Length: > 0 } old)
        {
            return new ReplaceStep(old, content);
        }

        string expression = pattern.Member("Regex").StringOrNull()
            ?? throw new InferometerException($"{source}: a Replace normalizer has neither a Regex nor a String pattern.");
        try
        {
            return new ReplacePatternStep(PreTokenizerPatterns.Get(expression), content);
        }
        catch (ArgumentException exception)
        {
            throw new InferometerException(
                $"{source}: the Replace pattern '{expression}' is not supported ({exception.Message})", exception);
        }
    }

    private static CharacterMap Map(JsonElement text, string source) =>
        text.ValueKind == JsonValueKind.String && text.TryGetBytesFromBase64(out byte[]? data)
            ? new CharacterMap(data, source)
            : throw new InferometerException($"{source}: precompiled_charsmap is not text in base 64.");

    private static BertStep Bert(JsonElement normalizer)
    {
        bool lowercases = IsTrueOr(normalizer.Member("lowercase"), true);
        return new BertStep(
            IsTrueOr(normalizer.Member("clean_text"), true),
            IsTrueOr(normalizer.Member("handle_chinese_chars"), true),
            IsTrueOr(normalizer.Member("strip_accents"), lowercases),
            lowercases);
    }

    private static bool IsTrueOr(JsonElement element, bool otherwise) => element.IsPresent() ? element.IsTrue() : otherwise;
}
