using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>What the <c>post_processor</c> of a <c>tokenizer.json</c> puts around a text, and around two.</summary>
/// <param name="Prefix">Ids before a single text.</param>
/// <param name="Suffix">Ids behind it.</param>
/// <param name="Pair">How two texts are put together; null where it does not say.</param>
internal sealed record TokenizerJsonTemplate(IReadOnlyList<int> Prefix, IReadOnlyList<int> Suffix, PairTemplate? Pair)
{
    /// <summary>Reads it; null when the file says nothing about such ids.</summary>
    public static TokenizerJsonTemplate? Read(JsonElement root, Vocabulary vocabulary) =>
        ReadProcessor(root.Member("post_processor"), vocabulary);

    private static TokenizerJsonTemplate? ReadProcessor(JsonElement processor, Vocabulary vocabulary)
    {
        if (!processor.IsPresent())
        {
            return null;
        }

        string? type = processor.Member("type").StringOrNull();
        return type switch
        {
            "ByteLevel" => null,
            "TemplateProcessing" => ReadTemplate(processor, vocabulary),
            "BertProcessing" => ReadEnds(processor, separators: 1, secondSegment: 1),
            "RobertaProcessing" => ReadEnds(processor, separators: 2, secondSegment: 0),
            "Sequence" => processor.GetProperty("processors").EnumerateArray()
                .Select(inner => ReadProcessor(inner, vocabulary))
                .FirstOrDefault(found => found is not null),
            _ => throw new InferometerException(
                $"{vocabulary.Source}: post-processor '{type}' is not supported; TemplateProcessing, BertProcessing, RobertaProcessing, "
                    + "ByteLevel and Sequence are."),
        };
    }

    /// <summary>The two processors that name a token at each end: <c>["[CLS]", 101]</c>.</summary>
    private static TokenizerJsonTemplate ReadEnds(JsonElement processor, int separators, int secondSegment)
    {
        int begin = ReadEnd(processor, "cls"), end = ReadEnd(processor, "sep");
        return new TokenizerJsonTemplate(
            [begin], [end], PairTemplate.Of(begin, [.. Enumerable.Repeat(end, separators)], end, secondSegment));
    }

    private static int ReadEnd(JsonElement processor, string name) =>
        processor.Member(name) is { ValueKind: JsonValueKind.Array } end && end.GetArrayLength() == 2
            ? end[1].GetInt32()
            : throw new FormatException($"'{name}' of the post-processor is no pair of a token and its id");

    private static TokenizerJsonTemplate ReadTemplate(JsonElement processor, Vocabulary vocabulary)
    {
        List<PairPart> single = ReadParts(processor, "single", vocabulary);
        int text = single.FindIndex(part => part.Text is not null);
        text = text < 0 ? single.Count : text;
        return new TokenizerJsonTemplate(
            [.. single.Take(text).Select(part => part.Id)],
            [.. single.Skip(text + 1).Where(part => part.Text is null).Select(part => part.Id)],
            processor.Member("pair").ValueKind == JsonValueKind.Array ? new PairTemplate(ReadParts(processor, "pair", vocabulary)) : null);
    }

    private static List<PairPart> ReadParts(JsonElement processor, string template, Vocabulary vocabulary)
    {
        List<PairPart> parts = [];
        foreach (JsonElement part in processor.GetProperty(template).EnumerateArray())
        {
            if (part.Member("Sequence") is { ValueKind: JsonValueKind.Object } sequence)
            {
                int segment = sequence.Member("type_id").Int32OrNull() ?? 0;
                parts.Add(sequence.Member("id").StringOrNull() is "B" ? PairPart.SecondText(segment) : PairPart.FirstText(segment));
                continue;
            }

            JsonElement token = part.Member("SpecialToken");
            string? name = token.Member("id").StringOrNull()
                ?? throw new InferometerException(
                    $"{vocabulary.Source}: a part of the post-processor's template is neither Sequence nor SpecialToken.");
            JsonElement ids = processor.Member("special_tokens").Member(name).Member("ids");
            parts.AddRange(ids.ValueKind == JsonValueKind.Array
                ? ids.EnumerateArray().Select(id => PairPart.Token(id.GetInt32(), token.Member("type_id").Int32OrNull() ?? 0))
                : throw new InferometerException(
                    $"{vocabulary.Source}: the post-processor's template names '{name}' without giving its ids."));
        }

        return parts;
    }
}
