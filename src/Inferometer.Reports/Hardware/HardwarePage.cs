using System.Text.Json;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Hardware;

/// <summary>Systems as pages: a list of them, or one with its peaks, memory, links, price and the source of each figure.</summary>
public static class HardwarePage
{
    private static readonly MathFormat[] ListedFormats = [MathFormat.Bf16, MathFormat.Fp8, MathFormat.Int8];

    /// <summary>Some systems, a row each.</summary>
    public static Document List(IEnumerable<CatalogSystem> systems)
    {
        ArgumentNullException.ThrowIfNull(systems);
        Table table = new(
            "systems",
            "Peaks in dense tera-operations/s; memory in GB and GB/s; link between devices in GB/s; per device",
            Column.Text("system", "name"),
            Column.Text("maker", "vendor"),
            Column.Text("kind", "kind"),
            Column.Text("architecture", "architecture") with { Audience = Audience.Machines },
            Column.Number("bf16", "bf16_tflops"),
            Column.Number("fp8", "fp8_tflops"),
            Column.Number("int8", "int8_tops"),
            Column.Number("GB", "memory_gb"),
            Column.Number("GB/s", "memory_bandwidth_gb_per_s"),
            Column.Number("link", "intra_node_gb_per_s"),
            Column.Number("W", "tdp_watts"),
            Column.Number("$/h", "price_per_hour_usd"),
            Column.Text("aliases", "aliases") with { Audience = Audience.Machines });
        foreach (CatalogSystem entry in systems)
        {
            (HardwareSystem system, Device device) = (entry.System, entry.System.Device);
            table.Add(
                system.Name, device.Vendor, device.Kind, device.Architecture,
                Peak(device, ListedFormats[0]), Peak(device, ListedFormats[1]), Peak(device, ListedFormats[2]),
                Scaled(device.MemoryBytes), Scaled(device.MemoryBandwidth), Scaled(system.IntraNode.Bandwidth),
                Cell.Number(device.TdpWatts), Dollars(device), Cell.List(entry.Aliases));
        }

        return new Document(table);
    }

    /// <summary>One system; in JSON, its entry in the catalog's format.</summary>
    /// <param name="systems">Where it is looked up.</param>
    /// <param name="name">Its name, alias or file.</param>
    /// <exception cref="Core.InferometerException">No such system.</exception>
    public static Document Of(HardwareCatalog systems, string name)
    {
        ArgumentNullException.ThrowIfNull(systems);
        HardwareSystem system = systems.Resolve(name);
        Device device = system.Device;
        IReadOnlyList<string> aliases = systems.Systems.FirstOrDefault(s => ReferenceEquals(s.System, system))?.Aliases ?? [];
        List<Fact> facts =
        [
            new("System", "name", system.Name),
            new("Aliases", "aliases", Cell.List(aliases)),
            new("Maker", "vendor", device.Vendor),
            new("Kind", "kind", device.Kind),
            new("Architecture", "architecture", device.Architecture.Length == 0 ? Cell.None : device.Architecture),
            new(
                "Memory", "memory_bytes",
                Cell.Number(device.MemoryBytes, $"{Numbers.Bytes(device.MemoryBytes)} {device.MemoryType}".TrimEnd())),
            new("Memory bandwidth", "memory_bandwidth_bytes_per_s", Rate(device.MemoryBandwidth)),
            new("Link to the host", "host_link_bytes_per_s", Rate(device.HostLinkBandwidth)),
            new("Power (TDP)", "tdp_watts", device.TdpWatts is { } watts ? Cell.Number(watts, $"{Numbers.Short(watts)} W") : Cell.None),
            new(
                "Price", "price_per_hour_usd",
                device.PricePerHourUsd is { } usd ? Cell.Number(usd, $"{Numbers.Dollars(usd)} per device and hour") : Cell.None),
            new("Devices per node", "devices_per_node", system.DevicesPerNode),
        ];
        if (device.Cpu is { } cpu)
        {
            facts.Add(new("Cores", "cores", cpu.Cores));
            facts.Add(
                new(
                    "Vector width", "simd_bits",
                    Cell.Number(
                        cpu.SimdBits,
                        $"{cpu.SimdBits} bits, {cpu.FmaPerCycle} multiply-adds per cycle at {Numbers.Short(cpu.ClockHz / 1e9)} GHz")));
            facts.Add(new("NUMA nodes", "numa_nodes", cpu.NumaNodes));
        }

        Document page = new(new Facts(null, facts), Peaks(device), Links(system), Efficiencies(device.Efficiency))
        {
            Data = new CatalogSystem(system, aliases).ToJson(),
        };
        page.Blocks.Add(
            new Sentences(
                "sources", "Sources", [.. system.Sources.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => $"{s.Key}: {s.Value}")]));
        return page;
    }

    private static Table Peaks(Device device)
    {
        Table table = new(
            "peaks", "Dense peak rates", Column.Text("format", "format"), Column.Number("tera-operations/s", "operations_per_s"),
            Column.Number("operations per byte of memory", "operations_per_byte"));
        foreach ((MathFormat format, double peak) in device.PeakOperationsPerSecond.OrderBy(p => p.Key))
        {
            table.Add(
                format.ToString().ToLowerInvariant(), Cell.Number(peak, Numbers.Short(peak / 1e12)),
                Cell.Number(peak / device.MemoryBandwidth));
        }

        return table;
    }

    private static Table Links(HardwareSystem system)
    {
        Table table = new(
            "links", "Links (per device and direction)", Column.Text("tier", "tier"), Column.Number("GB/s", "bytes_per_s"),
            Column.Number("latency us", "latency_s"), Column.Text("topology", "topology"));
        Add("within a node", system.IntraNode);
        Add("between nodes", system.InterNode);
        return table;

        void Add(string tier, Link link) => table.Add(
            tier, Cell.Number(link.Bandwidth, Numbers.Short(link.Bandwidth / 1e9)),
            Cell.Number(link.LatencySeconds, Numbers.Short(link.LatencySeconds * 1e6)),
            JsonNamingPolicy.SnakeCaseLower.ConvertName(link.Topology.ToString()).Replace('_', ' '));
    }

    private static Facts Efficiencies(DeviceEfficiency e) => new($"Fractions of peak that the roofline takes ({e.Source})",
    [
        new("Matrix products", "compute_efficiency", Cell.Share(e.Compute)),
        new("Attention", "attention_compute_efficiency", Cell.Share(e.AttentionCompute)),
        new("Memory", "memory_efficiency", Cell.Share(e.Memory)),
        new("Attention memory", "attention_memory_efficiency", Cell.Share(e.AttentionMemory)),
        new("Links", "link_efficiency", Cell.Share(e.Link)),
        new("Kernel launch", "launch_s", Cell.Number(e.LaunchSeconds, $"{Numbers.Short(e.LaunchSeconds * 1e6)} us")),
        new("Memory kept back", "reserved_bytes", Cell.Number(e.ReservedBytes, Numbers.Bytes(e.ReservedBytes))),
    ]);

    private static Cell Peak(Device device, MathFormat format) =>
        device.PeakOperationsPerSecond.TryGetValue(format, out double peak) ? Cell.Number(peak / 1e12) : Cell.None;

    private static Cell Scaled(double bytes) => bytes > 0 ? Cell.Number(bytes / 1e9) : Cell.None;

    private static Cell Rate(double bytesPerSecond) =>
        bytesPerSecond > 0 ? Cell.Number(bytesPerSecond, $"{Numbers.Short(bytesPerSecond / 1e9)} GB/s") : Cell.None;

    private static Cell Dollars(Device device) =>
        device.PricePerHourUsd is { } usd ? Cell.Number(usd, Numbers.Dollars(usd)[1..]) : Cell.None;
}
