using System.Text.Json;
using Inferometer.Core.Deployments;
using Inferometer.Core.Frameworks;

namespace Inferometer.Core.Catalog;

/// <summary>The serving frameworks whose use of memory and scheduler are known. Immutable; thread-safe.</summary>
public static class FrameworkCatalog
{
    private const double Mebi = 1 << 20;
    private const double Gibi = 1 << 30;
    private static readonly FrameworkProfile[] BuiltIn =
        [.. CatalogFiles.Embedded("frameworks").Select(file => Read(file.Root, file.Source))];

    /// <summary>All of them by name.</summary>
    public static IReadOnlyList<FrameworkProfile> All { get; } = [.. BuiltIn.Where(f => !f.IsComparison)];

    /// <summary>What schedules where nobody says: vLLM.</summary>
    public static FrameworkProfile Usual { get; } = All.First(f => f.Name is "vllm");

    /// <summary>All ways to schedule, the usual one first: the frameworks and what they are compared with.</summary>
    public static IReadOnlyList<FrameworkProfile> Schedulers { get; } = [Usual, .. BuiltIn.Where(f => f != Usual)];

    /// <summary>Finds one by name or alias, ignoring case.</summary>
    /// <param name="name">The name.</param>
    /// <param name="origin">Where it came from, for the error.</param>
    /// <param name="others">What may stand there beside a framework, for the error.</param>
    /// <exception cref="InferometerException">There is none of that name.</exception>
    public static FrameworkProfile Find(string name, string origin, params IReadOnlyList<string> others)
    {
        ArgumentNullException.ThrowIfNull(name);
        return All.FirstOrDefault(f => f.Aliases.Append(f.Name).Contains(name, StringComparer.OrdinalIgnoreCase))
            ?? throw new InferometerException(
                $"{origin}: '{name}' is not a known framework."
                + $"{NameSuggestion.For(name, [.. All.SelectMany(f => f.Aliases.Append(f.Name)), .. others])} "
                + $"Allowed: {string.Join(", ", [.. All.Select(f => f.Name), .. others])}.");
    }

    /// <summary>Reads one from the catalog's JSON.</summary>
    internal static FrameworkProfile Read(JsonElement root, string source)
    {
        JsonFields fields = new(root, source);
        JsonFields sources = fields.Object("sources") ?? throw fields.Wrong("sources", "an object");
        return new FrameworkProfile
        {
            Name = fields.Text("name") ?? throw fields.Wrong("name", "the framework's name"),
            Aliases = [.. fields.Texts("aliases") ?? []],
            Vendors = [.. fields.Texts("vendors") ?? []],
            Kinds = [.. fields.Texts("kinds") ?? []],
            IsComparison = fields.BoolOr(false, "comparison"),
            RestsOnProbes = fields.BoolOr(false, "rests_on_probes"),
            IsServer = fields.BoolOr(true, "server"),
            Scheduler = SchedulerOf(fields.Object("scheduler") ?? throw fields.Wrong("scheduler", "an object")),
            ShareOf = fields.Text("share_of") switch
            {
                "everything" => MemoryShare.Everything,
                "weights_and_cache" => MemoryShare.WeightsAndCache,
                "cache" => MemoryShare.Cache,
                _ => throw fields.Wrong("share_of", "one of everything, weights_and_cache, cache"),
            },
            MemoryUtilization = fields.Has("memory_utilization") ? Share(fields) : null,
            Reserve = fields.Object("reserve") is { } reserve ? ReserveOf(reserve)
                : fields.Has("memory_utilization") ? null : throw fields.Wrong("memory_utilization", "a share, where there is no reserve"),
            ContextBytes = fields.NumberOr(0, "context_gib") * Gibi,
            PeerBytes = fields.NumberOr(0, "peer_gib") * Gibi,
            OutsideBytes = fields.NumberOr(0, "outside_gib") * Gibi,
            BytesPerLogit = fields.NumberOr(0, "bytes_per_logit"),
            SumsIn16Bits = fields.BoolOr(false, "sums_in_16_bits"),
            PipelinePieces = fields.IntOr(0, 1, 1 << 20, "pipeline_pieces"),
            Serves = fields.Object("serves") is { } serves
                ? serves.Names.ToDictionary(name => name, name => serves.Text(name)!, StringComparer.Ordinal)
                : new(StringComparer.Ordinal),
            VectorRows = fields.IntOr(0, 1, 1 << 20, "vector_rows"),
            Graphs = fields.Object("graphs") is { } graphs
                ? new FrameworkGraphs(graphs.Int(1 << 20, "tokens"), [.. graphs.Texts("vendors") ?? []], [.. graphs.Texts("before") ?? []])
                : null,
            KvCache = PrecisionOf(fields, "kv_cache"),
            Formats = fields.Object("formats") is { } formats ? FormatsOf(formats) : null,
            BlockTokens = fields.IntOr(1, 1, 1 << 20, "block_tokens"),
            Sizes = Sizes(root, fields, source),
            Sources = sources.Names.ToDictionary(name => name, name => sources.Text(name)!, StringComparer.Ordinal),
        };
    }

    private static Precision? PrecisionOf(JsonFields fields, string name) =>
        fields.Text(name) is { } text ? Precision.Parse(text, $"{fields.Source}: {name}") : null;

    private static FrameworkFormats FormatsOf(JsonFields fields) => new(
        [.. fields.Texts("weights") ?? throw fields.Wrong("weights", "families of formats")],
        [.. fields.Texts("cache") ?? throw fields.Wrong("cache", "number formats")])
    {
        NotOn = fields.Object("not_on") is { } notOn
            ? notOn.Names.ToDictionary(name => name, name => (EquatableList<string>)[.. notOn.Texts(name)!], StringComparer.Ordinal)
            : new(StringComparer.Ordinal),
    };

    private static double Share(JsonFields fields)
    {
        double share = fields.PositiveOr(1, "memory_utilization");
        return share <= 1 ? share : throw fields.Wrong("memory_utilization", "a share above 0 and at most 1");
    }

    private static FrameworkReserve ReserveOf(JsonFields fields) => new(
        fields.NumberOr(0, "fixed_mib") * Mebi,
        fields.NumberOr(0, "mib_per_step_token") * Mebi,
        fields.NumberOr(0, "mib_per_sequence") * Mebi,
        fields.NumberOr(0, "mib_per_device") * Mebi,
        fields.NumberOr(0, "least_mib") * Mebi,
        fields.NumberOr(0, "least_from_gib") * Gibi);

    private static FrameworkScheduler SchedulerOf(JsonFields fields)
    {
        double reserve = fields.NumberOr(0, "admission_reserve");
        return new FrameworkScheduler
        {
            Description = fields.Text("description") ?? throw fields.Wrong("description", "what the scheduler does, one line"),
            PromptsFirst = fields.Text("prompts") switch
            {
                "first" => true,
                "mixed" => false,
                _ => throw fields.Wrong("prompts", "one of first, mixed"),
            },
            ChunksPrompts = fields.BoolOr(true, "chunked"),
            StaticBatches = fields.BoolOr(false, "static_batches"),
            ReservesOutput = fields.BoolOr(false, "reserves_output"),
            AdmissionReserve = reserve is >= 0 and < 1
                ? reserve
                : throw fields.Wrong("admission_reserve", "a share from 0 up to below 1"),
            PrefixCaching = fields.BoolOr(true, "prefix_caching"),
            HandsOver = fields.BoolOr(false, "hands_over"),
            StreamsPerSlot = fields.BoolOr(false, "streams_per_slot"),
        };
    }

    private static FrameworkSize SizeOf(JsonFields fields)
    {
        int tokens = fields.Int(1 << 24, "step_tokens"), sequences = fields.Int(1 << 24, "sequences");
        return new FrameworkSize(
            fields.PositiveOr(double.PositiveInfinity, "below_gib") * Gibi,
            [.. fields.Texts("named") ?? []],
            tokens,
            sequences,
            fields.IntOr(tokens, 1, 1 << 24, "budget"),
            fields.IntOr(sequences, 1, 1 << 24, "running"));
    }

    private static EquatableList<FrameworkSize> Sizes(JsonElement root, JsonFields fields, string source)
    {
        if (!root.TryGetProperty("sizes", out JsonElement list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
        {
            throw fields.Wrong("sizes", "an array of objects");
        }

        EquatableList<FrameworkSize> sizes =
        [
            .. list.EnumerateArray().Select(item => new JsonFields(item, source, "sizes.")).Select(SizeOf),
        ];
        FrameworkSize last = sizes[^1];
        return double.IsInfinity(last.BelowBytes) && last.Named.Count == 0
            ? sizes
            : throw fields.Wrong("sizes", "an array whose last entry holds for every device");
    }
}
