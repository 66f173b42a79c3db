using System.Text.Json;
using Inferometer.Core.Deployments;

namespace Inferometer.Core.Weights;

/// <summary>Reads the formats that come as data: catalog/formats.</summary>
internal static class FormatFiles
{
    public static IReadOnlyList<WeightFormat> Engines() => Read("engines", "formats", Engine);

    public static IReadOnlyList<WeightFormat> Mixes() => Read("gguf", "mixes", Mix);

    private static List<WeightFormat> Read(string file, string list, Func<JsonFields, string, WeightFormat> read)
    {
        string name = $"formats/{file}.json";
        using Stream stream = typeof(FormatFiles).Assembly.GetManifestResourceStream(name)!;
        using JsonDocument document = JsonDocument.Parse(stream);
        JsonElement root = document.RootElement.Clone();
        string source = root.GetProperty("source").GetString()!;
        return [.. root.GetProperty(list).EnumerateArray().Select(e => read(new JsonFields(e, "catalog/" + name), source))];
    }

    private static WeightFormat Engine(JsonFields fields, string source)
    {
        string name = fields.Text("name") ?? throw fields.Wrong("name", "the name of a format");
        MathFormat math = Enum.Parse<MathFormat>(fields.Text("math") ?? "bf16", ignoreCase: true);
        int group = fields.IntOr(0, 0, 1 << 20, "group");
        int rows = fields.IntOr(1, 1, 1 << 20, "group_rows");
        double bits = fields.NumberOr(0, "bits"), groupBits = fields.NumberOr(0, "group_bits");
        Precision main = new(name, bits + (group > 0 ? groupBits / ((double)group * rows) : 0), math);
        PackedFormat packed = new(main, bits)
        {
            GroupInputs = group,
            GroupOutputs = rows,
            GroupBits = groupBits,
            ColumnBits = fields.NumberOr(0, "column_bits"),
            HiddenMultiple = fields.IntOr(0, 0, 4096, "hidden_multiple"),
            InnerMultiple = fields.IntOr(0, 0, 4096, "inner_multiple"),
        };
        string? note = fields.Text("note");
        bool onlyExperts = fields.BoolOr(false, "only_experts"), tables = fields.BoolOr(false, "takes_tables");
        return new WeightFormat(name, "engine", main, fields.Text("meaning")!, fields.Text("source") ?? source)
        {
            Aliases = [.. fields.Texts("aliases") ?? []],
            Create = origin => new EngineScheme
            {
                Name = name,
                Origin = origin,
                Main = main,
                Compute = Precision.Bf16,
                Rest = Precision.Bf16,
                Groups = [new EngineGroup(packed, EngineGroup.Linear)],
                Note = note,
                OnlyExperts = onlyExperts,
                TakesTables = tables,
            },
        };
    }

    private static WeightFormat Mix(JsonFields fields, string source)
    {
        string name = fields.Text("name") ?? throw fields.Wrong("name", "the name of a mix");
        Precision main = Type(fields, "base")!;
        Precision? table = Type(fields, "table"), output = Type(fields, "output");
        EquatableList<GgufMixRule> rules = [.. (fields.Objects("rules") ?? []).Select(Rule)];
        string[] exceptions = [.. rules.Select(r => r.Type.Name).Distinct(StringComparer.Ordinal)];
        string meaning = $"{main.Name} blocks"
            + (exceptions.Length > 0 ? $", with {string.Join(", ", exceptions)} where the rule of the mix gives more or fewer bits" : "")
            + $"; LM head (or shared table) {(output ?? GgufMix.DefaultOutput(main)).Name}";
        return new WeightFormat(name, "gguf", main, meaning, source)
        {
            Aliases = [.. fields.Texts("aliases") ?? []],
            Create = origin => new GgufMix
            {
                Name = name,
                Origin = origin,
                Main = main,
                Compute = Precision.Bf16,
                Table = table,
                Output = output,
                Rules = rules,
            },
        };
    }

    private static GgufMixRule Rule(JsonFields fields) => new()
    {
        Tensors = [.. fields.Texts("tensors") ?? throw fields.Wrong("tensors", "an array of classes of tensors")],
        Layers = fields.Text("layers"),
        When = fields.Text("when"),
        Type = Type(fields, "type") ?? throw fields.Wrong("type", "a block format"),
    };

    private static Precision? Type(JsonFields fields, string name) =>
        fields.Text(name) is { } text ? Precision.Parse(text, $"{fields.Source}: {name}") : null;
}
