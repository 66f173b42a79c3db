using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Core.Models;
using Inferometer.Core.Weights;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Models;

/// <summary>One model as a page: architecture, exact parameters by part, memory at several contexts.</summary>
public static class ModelPage
{
    private static readonly int[] Contexts = [2_048, 8_192, 32_768, 131_072, 1_048_576];

    /// <summary>The page.</summary>
    /// <param name="model">The model.</param>
    /// <param name="entry">Its entry in the catalog, for its aliases; null where it has none.</param>
    public static Document Of(ModelArchitecture model, CatalogModel? entry)
    {
        ArgumentNullException.ThrowIfNull(model);
        ParameterCount count = ParameterCount.Of(model);
        double perToken = ModelMemory.KvBytesPerToken(model);
        List<Fact> facts =
        [
            new("Model", "name", model.Name),
            new("Aliases", "aliases", Cell.List(entry?.Aliases ?? [])),
            new(
                "Type", "model_type",
                new Cell(
                    model.IsKnownFamily
                        ? model.ModelType
                        : $"{model.ModelType} (not a known type: the usual fields were taken at face value)",
                    model.ModelType)),
            new("Parameters", "parameters", Cell.Number(count.Total, $"{Numbers.Count(count.Total)} ({Numbers.Whole(count.Total)})")),
        ];
        if (count.Active != count.Total)
        {
            facts.Add(
                new(
                    "Active per token", "active_parameters",
                    Cell.Number(count.Active, $"{Numbers.Count(count.Active)} ({Numbers.Whole(count.Active)})")));
        }

        facts.AddRange(
        [
            new("Layers", "layers", model.LayerCount),
            new("Hidden width", "hidden_size", model.HiddenSize),
            new(
                "Vocabulary", "vocabulary_size",
                new Cell(
                    $"{Numbers.Whole(model.VocabularySize)}, LM head {(model.TiedEmbeddings ? "shared with" : "apart from")} the embedding",
                    model.VocabularySize)),
            new(
                "Longest context", "max_context_tokens",
                new Cell($"{Numbers.Whole(model.MaxContextTokens)} tokens", model.MaxContextTokens)),
            new("Token mixer", "token_mixer", ModelDescription.Mixers(model)),
            new("Feed-forward", "feed_forward", ModelDescription.FeedForwards(model)),
            .. PredictionHeads(model),
            new("KV cache", "kv_bytes_per_token_bf16", Cell.Number(perToken, $"{Numbers.Bytes(perToken)} per token in bf16")),
            new("Source", "source", model.Source is null ? Cell.None : model.Source),
        ]);
        if (model.PublishedWeights is { } published)
        {
            double bytes = ResolvedWeights.Of(model, published).TotalBytes;
            facts.Insert(facts.Count - 1, new(
                "Checkpoint", "published_format",
                new Cell($"{published.Name}, {Numbers.Bytes(bytes)} of weights, from {published.Origin}", published.Name)));
        }

        return new Document(new Facts(null, facts), Parts(count), Memory(model));
    }

    private static IEnumerable<Fact> PredictionHeads(ModelArchitecture model)
    {
        if (model.PredictionHeads is { } heads)
        {
            long parameters = heads.Parameters(model);
            yield return new(
                "Prediction heads", "prediction_head_parameters",
                Cell.Number(parameters, $"{heads.Count}, {Numbers.Count(parameters)} parameters beside the total, for drafting (mtp)"));
        }
    }

    private static Table Parts(ParameterCount count)
    {
        Table table = new(
            "parameters_by_part", "Parameters by part", Column.Text("part", "part"), Column.Number("parameters", "parameters"),
            Column.Number("share", "share"), Column.Bars() with { BarWidth = 40 });
        (string Name, long Value)[] parts =
        [
            ("embedding", count.Embedding), ("attention", count.Attention), ("feed-forward", count.FeedForward), ("experts", count.Experts),
            ("routers", count.Router), ("norms", count.Norms), ("LM head", count.Head), ("other", count.Extra),
        ];
        foreach ((string name, long value) in parts.Where(p => p.Value > 0))
        {
            double share = (double)value / count.Total;
            table.Add(name, value, Cell.Share(share), Cell.BarOf(share));
        }

        return table;
    }

    private static Table Memory(ModelArchitecture model)
    {
        WeightScheme wide = WeightFormats.Find("bf16", "memory");
        WeightScheme fp8 = WeightFormats.Find("fp8", "memory");
        WeightScheme int4 = WeightFormats.Find("int4", "memory");
        Precision narrow = Precision.Parse("fp8", "memory");
        var unit = ByteUnit.For(ModelMemory.Of(model, 1, wide, Precision.Bf16).WeightBytes);
        Table table = new(
            "memory",
            $"Memory of the weights and one sequence, {unit.Name}",
            Column.Number("context", "context_tokens"),
            Column.Number("KV bf16", "kv_bf16_bytes"),
            Column.Number("KV fp8", "kv_fp8_bytes"),
            Column.Number("with bf16 weights", "total_bf16_bytes"),
            Column.Number("fp8 weights and KV", "total_fp8_bytes"),
            Column.Number("int4 weights, fp8 KV", "total_int4_bytes"));
        foreach (int tokens in Contexts.Where(c => c < model.MaxContextTokens).Append(model.MaxContextTokens))
        {
            var bf16 = ModelMemory.Of(model, tokens, wide, Precision.Bf16);
            var eight = ModelMemory.Of(model, tokens, fp8, narrow);
            var four = ModelMemory.Of(model, tokens, int4, narrow);
            table.Add(
                tokens, unit.Of(bf16.KvBytes), unit.Of(eight.KvBytes), unit.Of(bf16.WeightBytes + bf16.KvBytes),
                unit.Of(eight.WeightBytes + eight.KvBytes), unit.Of(four.WeightBytes + four.KvBytes));
        }

        return table;
    }
}
