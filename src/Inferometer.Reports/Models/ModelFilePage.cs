using System.Globalization;
using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Cpu.Weights;
using Inferometer.Inference.Engine;
using Inferometer.Measurement.Models;
using Inferometer.ModelFiles.Templates;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Models;

/// <summary>
/// A model with weights as a page: architecture, exact parameters, storage formats, tokenizer, and memory at several contexts.
/// </summary>
public static class ModelFilePage
{
    private static readonly int[] Contexts = [512, 2_048, 8_192, 32_768, 131_072];

    /// <summary>The page.</summary>
    /// <param name="contents">What the files hold.</param>
    /// <param name="readTokenizer">Reads the tokenizer; an <see cref="InferometerException"/> becomes a line of the page.</param>
    /// <param name="refusal">Why the engine would not load the model; null where it would.</param>
    /// <param name="notes">What is left out of the files because it is faulty; null = nothing.</param>
    public static Document Of(
        StoredModel contents, Func<Tokenizer> readTokenizer, string? refusal, IReadOnlyList<string>? notes = null)
    {
        ArgumentNullException.ThrowIfNull(contents);
        ArgumentNullException.ThrowIfNull(readTokenizer);
        ModelArchitecture model = contents.Architecture;
        (Tokenizer? tokenizer, string? fault) = Read(readTokenizer);
        List<Fact> facts = [.. General(contents, refusal), .. Network(model, contents)];
        facts.AddRange(tokenizer is null
            ? [new("Tokenizer", "tokenizer_fault", new Cell("cannot be read: " + fault, fault) { Tone = Tone.Bad })]
            : Vocabulary(tokenizer));
        if (notes is { Count: > 0 })
        {
            facts.Add(new("Notes", "notes", new Cell(string.Join(' ', notes), notes) { Tone = Tone.Bad }));
        }

        Document page = new(new Facts(null, facts), Formats(contents));
        if (tokenizer is { EosIds.Count: > 0 })
        {
            page.Blocks.Add(Endings(tokenizer));
        }

        if (ModelSupport.Explain(model) is null && !model.IsEncoder)
        {
            page.Blocks.Add(Memory(model, contents));
        }

        return page;
    }

    private static IEnumerable<Fact> General(StoredModel contents, string? refusal)
    {
        yield return new("Model", "name", contents.Name);
        yield return new("Path", "path", contents.Path);
        yield return new("Format", "format", contents.Format);
        yield return new(
            "Size", "file_bytes",
            Cell.Number(contents.FileBytes, $"{Numbers.Bytes(contents.FileBytes)} ({Numbers.Whole(contents.FileBytes)} bytes)"));
        yield return new(
            "Runs here", "runs",
            refusal is not null ? new Cell("no", false) { Tone = Tone.Bad }
                : contents.Architecture.HasHead ? true
                : new Cell("yes, for vectors and scores ('serve'); it writes no text, and 'run' says so", true));
        if (refusal is not null)
        {
            yield return new("Because", "refusal", new Cell(refusal, refusal) { Tone = Tone.Bad });
        }
    }

    private static IEnumerable<Fact> Network(ModelArchitecture model, StoredModel contents)
    {
        ParameterCount count = ParameterCount.Of(model);
        yield return new(
            "Architecture", "model_type",
            new Cell(
                model.IsKnownFamily ? model.ModelType : $"{model.ModelType} (not a known type: the usual fields were taken at face value)",
                model.ModelType));
        yield return new(
            "Parameters", "parameters",
            Cell.Number(
                contents.Parameters,
                $"{Numbers.Count(contents.Parameters)} ({Numbers.Whole(contents.Parameters)}), "
                    + $"{Numbers.Fixed(contents.BitsPerWeight, 2)} bits each"));
        if (count.Active != count.Total)
        {
            yield return new(
                "Active per token", "active_parameters",
                Cell.Number(count.Active, $"{Numbers.Count(count.Active)} ({Numbers.Whole(count.Active)})"));
        }

        yield return new("Layers", "layers", model.LayerCount);
        yield return new("Hidden width", "hidden_size", model.HiddenSize);
        yield return new("Attention", "attention", ModelDescription.Mixers(model));
        yield return new("Feed-forward", "feed_forward", ModelDescription.FeedForwards(model));
        yield return new("Positions", "positions", Positions(model));
        yield return new(
            "Longest context", "max_context_tokens", new Cell($"{Numbers.Whole(model.MaxContextTokens)} tokens", model.MaxContextTokens));
        yield return model.HasHead
            ? new(
                "LM head", "tied_embeddings",
                new Cell(model.TiedEmbeddings ? "shared with the embedding" : "apart from the embedding", model.TiedEmbeddings))
            : new(
                "LM head", "has_head",
                new Cell($"none: {ModelSupport.KindOf(model)} gives vectors, and scores where its files hold a head for them", false));
    }

    private static string Positions(ModelArchitecture model)
    {
        RopeParameters[] ropes =
        [
            .. model.Layers.Select(l => l.Mixer).OfType<AttentionMixer>().Select(m => m.Rope).OfType<RopeParameters>().Distinct(),
        ];
        return model.Position is PositionKind.Alibi ? "biases by distance (ALiBi)"
            : model.Position != PositionKind.Rotary || ropes.Length == 0 ? model.Position.ToString().ToLowerInvariant()
            : string.Join("; ", ropes.Select(r => string.Create(
                CultureInfo.InvariantCulture,
                $"rotary, base {r.Theta:#,0.##}{(r.Scaling == RopeScaling.None ? "" : $", {r.Scaling} scaling{(r.Factor > 1 ? $" by "
                    + $"{r.Factor:0.##}" : "")}")}")));
    }

    private static (Tokenizer? Tokenizer, string? Fault) Read(Func<Tokenizer> readTokenizer)
    {
        try
        {
            return (readTokenizer(), null);
        }
        catch (InferometerException error)
        {
            return (null, error.Message);
        }
    }

    private static IEnumerable<Fact> Vocabulary(Tokenizer tokenizer)
    {
        yield return new(
            "Tokenizer", "vocabulary_size", new Cell($"{Numbers.Whole(tokenizer.VocabularySize)} tokens", tokenizer.VocabularySize));
        (ChatTemplate? template, string? fault) = Template(tokenizer);
        if (tokenizer.BosId is { } begin)
        {
            string text = tokenizer.TokenText(begin);
            string by = (tokenizer.AddsBos, template is { WritesBos: true }) switch
            {
                (true, true) => "added by the tokenizer; the chat template writes it too, and it comes out once",
                (true, false) => "added by the tokenizer",
                (false, true) => "written by the chat template alone",
                _ => "not added to a text",
            };
            yield return new("Begin token", "begin_token", new Cell(FormattableString.Invariant($"{text} ({begin}), {by}"), text));
        }

        // BERT's two are neither a begin nor an end of what is written.
        string[] around = [.. tokenizer.Encode("").Select(id => FormattableString.Invariant($"{tokenizer.TokenText(id)} ({id})"))];
        yield return tokenizer.BosId is null && around.Length > 0
            ? new("Around a text", "around_text", string.Join(", ", around))
            : new("Begin token added", "adds_begin_token", tokenizer.AddsBos);
        if (tokenizer.AddsEos)
        {
            yield return new("End token added", "adds_end_token", new Cell("yes, but to no prompt", true));
        }

        string names = string.Join(", ", tokenizer.ChatTemplates.Keys);
        yield return new(
            "Chat template", "chat_template",
            fault is not null ? new Cell($"stored: {names}; cannot be read: {fault}", names) { Tone = Tone.Bad }
                : names.Length == 0 ? new Cell("none stored", null)
                : new Cell("stored: " + names, names));
    }

    private static (ChatTemplate? Template, string? Fault) Template(Tokenizer tokenizer)
    {
        try
        {
            return (tokenizer.ChatTemplateText is null ? null : ChatTemplate.For(tokenizer), null);
        }
        catch (InferometerException error)
        {
            return (null, error.Message);
        }
    }

    private static Table Endings(Tokenizer tokenizer)
    {
        Table table = new("end_tokens", "What ends a turn", Column.Number("id", "id"), Column.Text("token", "token"));
        foreach (int id in tokenizer.EosIds)
        {
            table.Add(Cell.Number(id, id.ToString(CultureInfo.InvariantCulture)), tokenizer.TokenText(id));
        }

        return table;
    }

    private static Table Formats(StoredModel contents)
    {
        Table table = new(
            "tensor_types",
            "Tensors by storage format",
            Column.Text("format", "type"),
            Column.Number("tensors", "tensors"),
            Column.Number("parameters", "parameters"),
            Column.Number("bytes", "bytes"),
            Column.Number("share of bytes", "share"),
            Column.Bars() with { BarWidth = 30 });
        foreach (StoredTensors group in contents.Groups)
        {
            double share = (double)group.Bytes / contents.TensorBytes;
            table.Add(group.Type.ToString(), group.Tensors, group.Parameters, group.Bytes, Cell.Share(share), Cell.BarOf(share));
        }

        return table;
    }

    private static Table Memory(ModelArchitecture model, StoredModel contents)
    {
        Table table = new(
            "memory",
            "Memory of the engine with one sequence",
            Column.Number("context", "context_tokens"),
            Column.Number("weights", "weight_bytes"),
            Column.Number("KV f16", "kv_f16_bytes"),
            Column.Number("KV f32", "kv_f32_bytes"),
            Column.Number("activations", "activation_bytes"),
            Column.Number("total, KV f16", "total_bytes"));
        foreach (int tokens in Contexts.Where(c => c < model.MaxContextTokens).Append(model.MaxContextTokens))
        {
            MemoryPlan half = Plan(model, contents, tokens, KvElement.F16);
            MemoryPlan full = Plan(model, contents, tokens, KvElement.F32);
            table.Add(
                tokens, Bytes(half.WeightBytes), Bytes(half.KvBytes), Bytes(full.KvBytes), Bytes(half.ActivationBytes + half.LogitBytes),
                Bytes(half.TotalBytes));
        }

        return table;
    }

    // Memory without bounds: the table says what is needed, whatever this machine has.
    private static MemoryPlan Plan(ModelArchitecture model, StoredModel contents, int tokens, KvElement element) => MemoryPlan.Make(
        model, contents.FileBytes, new InferenceOptions { MaxBatchSize = 1, MaxSequenceTokens = tokens, KvElement = element },
        long.MaxValue / 2);

    private static Cell Bytes(long bytes) => Cell.Number(bytes, Numbers.Bytes(bytes));
}
