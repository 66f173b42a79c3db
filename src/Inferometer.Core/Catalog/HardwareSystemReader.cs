using System.Text.Json;
using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;

namespace Inferometer.Core.Catalog;

/// <summary>Reads one system from the catalog's JSON (docs/catalog.md).</summary>
internal static class HardwareSystemReader
{
    internal const double Mega = 1e6;
    private const double Giga = 1e9;
    private const double Gibi = 1L << 30;
    private const double Tera = 1e12;

    /// <summary>Formats of <c>peak_tflops</c> by their names in the file.</summary>
    public static readonly IReadOnlyList<(string Key, MathFormat Format)> Formats =
    [
        ("fp32", MathFormat.Fp32),
        ("tf32", MathFormat.Tf32),
        ("bf16", MathFormat.Bf16),
        ("fp16", MathFormat.Fp16),
        ("fp8", MathFormat.Fp8),
        ("int8", MathFormat.Int8),
        ("fp4", MathFormat.Fp4),
        ("int4", MathFormat.Int4),
    ];

    /// <summary>The system a file describes, and then the variants it lists.</summary>
    public static IReadOnlyList<CatalogSystem> ReadAll(JsonElement root, string source) =>
        [.. CatalogVariants.Of(root, source).Select(entry => Read(entry, source))];

    private static CatalogSystem Read(JsonElement root, string source)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new InferometerException($"{source}: a system is described by a JSON object, this is {root.ValueKind}.");
        }

        var fields = new JsonFields(root, source);
        string name = fields.Text("name") ?? throw fields.Wrong("name", "the system's name");
        JsonFields links = Required(fields, "links");
        JsonFields memory = Required(fields, "memory");
        var system = new HardwareSystem
        {
            Name = name,
            Device = Device(fields, memory, name),
            DevicesPerNode = links.IntOr(8, 1, 1 << 20, "devices_per_node"),
            IntraNode = Link(Required(links, "intra_node")),
            InterNode = Link(Required(links, "inter_node")),
            Sources = Sources(root, fields),
        };
        links.RefuseUnread();
        memory.RefuseUnread();
        string[] aliases = fields.Texts("aliases") ?? [];
        fields.RefuseUnread();
        return new CatalogSystem(system, aliases);
    }

    private static Device Device(JsonFields fields, JsonFields memory, string name)
    {
        bool decimalSize = memory.Has("size_gb");
        double size = decimalSize ? Positive(memory, "size_gb") * Giga : Positive(memory, "size_gib") * Gibi;
        string vendor = fields.Text("vendor") ?? "";
        string kind = fields.Text("kind") ?? "gpu";
        return new Device
        {
            Name = name,
            Vendor = vendor,
            Kind = kind,
            Architecture = fields.Text("architecture") ?? "",
            PeakOperationsPerSecond = Peaks(Required(fields, "peak_tflops")),
            MemoryBytes = size,
            UsableMemoryBytes = Usable(memory, size) ?? UsableMemory.Bytes(vendor, kind, size),
            MemoryBandwidth = Positive(memory, "bandwidth_gb_per_s") * Giga,
            MemoryType = memory.Text("type") ?? "",
            Cache = memory.Object("cache") is { } cache
                ? new DeviceCache(Positive(cache, "size_mb") * Mega, Positive(cache, "bandwidth_gb_per_s") * Giga)
                : null,
            HostLinkBandwidth = fields.Has("host_link_gb_per_s") ? Positive(fields, "host_link_gb_per_s") * Giga : 0,
            TdpWatts = fields.Has("tdp_watts") ? Positive(fields, "tdp_watts") : null,
            PricePerHourUsd = fields.Has("price_per_hour_usd") ? Positive(fields, "price_per_hour_usd") : null,
            Efficiency = Efficiency(fields.Object("efficiency")),
            Cpu = Cpu(fields.Object("cpu")),
        };
    }

    private static double? Usable(JsonFields memory, double size)
    {
        if (!memory.Has("usable_gib"))
        {
            return null;
        }

        double usable = Positive(memory, "usable_gib") * Gibi;
        return usable <= size ? usable : throw memory.Wrong("usable_gib", "at most the size of the memory");
    }

    private static Dictionary<MathFormat, double> Peaks(JsonFields fields)
    {
        var peaks = new Dictionary<MathFormat, double>();
        foreach ((string key, MathFormat format) in Formats)
        {
            if (fields.Has(key))
            {
                peaks.Add(format, Positive(fields, key) * Tera);
            }
        }

        fields.RefuseUnread();
        return peaks.ContainsKey(MathFormat.Bf16) || peaks.ContainsKey(MathFormat.Fp16) || peaks.ContainsKey(MathFormat.Fp32)
            ? peaks
            : throw fields.Wrong("bf16", "a dense rate in TFLOPS, unless fp16 or fp32 is given");
    }

    private static Link Link(JsonFields fields)
    {
        var link = new Link(
            Positive(fields, "bandwidth_gb_per_s") * Giga,
            fields.Has("latency_us") ? Positive(fields, "latency_us") * 1e-6 : 0,
            (fields.Text("topology") ?? "switched") switch
            {
                "switched" => LinkTopology.Switched,
                "in_network_reduction" => LinkTopology.InNetworkReduction,
                "ring" => LinkTopology.Ring,
                "host_bus" => LinkTopology.HostBus,
                _ => throw fields.Wrong("topology", "one of switched, in_network_reduction, ring, host_bus"),
            });
        fields.RefuseUnread();
        return link;
    }

    private static DeviceEfficiency Efficiency(JsonFields? fields)
    {
        var defaults = new DeviceEfficiency();
        if (fields is null)
        {
            return defaults;
        }

        var efficiency = new DeviceEfficiency
        {
            Compute = Fraction(fields, "compute", defaults.Compute),
            AttentionCompute = Fraction(fields, "attention_compute", defaults.AttentionCompute),
            Memory = Fraction(fields, "memory", defaults.Memory),
            AttentionMemory = Fraction(fields, "attention_memory", defaults.AttentionMemory),
            Link = Fraction(fields, "link", defaults.Link),
            LaunchSeconds = fields.PositiveOr(defaults.LaunchSeconds * 1e6, "launch_us") * 1e-6,
            ReservedBytes = fields.PositiveOr(defaults.ReservedBytes / Giga, "reserved_gb") * Giga,
            Source = fields.Text("source") ?? throw fields.Wrong("source", "text that says where the fractions come from"),
        };
        fields.RefuseUnread();
        return efficiency;
    }

    private static CpuDescription? Cpu(JsonFields? fields)
    {
        if (fields is null)
        {
            return null;
        }

        var cpu = new CpuDescription
        {
            Cores = fields.Int(1 << 16, "cores"),
            ClockHz = Positive(fields, "clock_ghz") * Giga,
            SimdBits = fields.Int(1 << 16, "simd_bits"),
            FmaPerCycle = fields.IntOr(2, 1, 64, "fma_per_cycle"),
            MatrixEngine = fields.BoolOr(false, "matrix_engine"),
            NumaNodes = fields.IntOr(1, 1, 1024, "numa_nodes"),
            PerCoreBandwidth = fields.PositiveOr(0, "per_core_gb_per_s") * Giga,
            NumaLinkBandwidth = fields.PositiveOr(0, "numa_link_gb_per_s") * Giga,
        };
        fields.RefuseUnread();
        return cpu;
    }

    private static Dictionary<string, string> Sources(JsonElement root, JsonFields fields)
    {
        JsonFields texts = Required(fields, "sources");
        var sources = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty property in root.GetProperty("sources").EnumerateObject())
        {
            sources[property.Name] = texts.Text(property.Name) ?? throw texts.Wrong(property.Name, "a string");
        }

        return sources;
    }

    private static JsonFields Required(JsonFields fields, string name) => fields.Object(name) ?? throw fields.Wrong(name, "an object");

    private static double Positive(JsonFields fields, string name) =>
        fields.Has(name) ? fields.PositiveOr(0, name) : throw fields.Wrong(name, "a number above 0");

    private static double Fraction(JsonFields fields, string name, double fallback)
    {
        double value = fields.PositiveOr(fallback, name);
        return value <= 1 ? value : throw fields.Wrong(name, "a fraction above 0 and at most 1");
    }
}
