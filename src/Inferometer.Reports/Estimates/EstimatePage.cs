using Inferometer.Reports.Documents;
using Inferometer.Reports.Metrics;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Planning;
using Inferometer.Simulation.Results;

namespace Inferometer.Reports.Estimates;

/// <summary>One estimate as a page: the metrics, memory, where the time goes, how the hardware is used, and what was assumed.</summary>
public static class EstimatePage
{
    private const int NarrowBar = 10;
    private const int WideBar = 40;

    /// <summary>The page.</summary>
    /// <param name="config">What was asked.</param>
    /// <param name="result">What came of it.</param>
    /// <param name="origin">The file that stated it; null = options did.</param>
    /// <param name="rooms">Room for the KV cache with serving frameworks, where none is named; null = not told.</param>
    public static Document Of(
        SimulationConfig config, SimulationResult result, string? origin = null, IReadOnlyList<FrameworkRoom>? rooms = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(result);
        string system = SystemOf(result);
        string title = SettingMeasures.Describe(
            [SettingMeasures.Named(config, result.Model, system)], result.Formats is { } f ? SettingMeasures.Short(f) : null)
            + (origin is null ? "" : $", from {origin}");
        Document page = new(Headline(result, rooms ?? [])) { Title = title };
        if (result.Warnings.Count > 0)
        {
            // Before the figures that they make doubtful.
            page.Blocks.Add(new Sentences("warnings", "Warnings", result.Warnings));
        }

        if (result.MemoryUsage is { } memory)
        {
            page.Blocks.Add(Memory(memory));
        }

        if (RangeTable.Of(result) is { } ranges)
        {
            page.Blocks.Add(ranges);
        }

        if (result.Formats is { Parts.Count: > 0 } formats)
        {
            page.Blocks.Add(Weights(formats, result.MemoryUsage?.DeviceName));
        }

        page.Blocks.Add(Time(result, SettingMeasures.IsPipeline(config)));
        page.Blocks.Add(Utilisation(result));
        if (result.FeatureMetrics.Count > 0)
        {
            page.Blocks.Add(new Facts("Features", [.. from feature in result.FeatureMetrics from figure in feature.Value
                select new Fact($"{Words(feature.Key)}: {Words(figure.Key)}", $"{feature.Key}_{figure.Key}", Cell.Number(figure.Value))]));
        }

        page.Blocks.Add(new Sentences("assumptions", $"Assumptions (cost model {result.CostModel})", result.Assumptions));
        return page;
    }

    /// <summary>The operators of every phase, slowest first.</summary>
    public static IEnumerable<Table> Operators(SimulationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return result.Operators.Select(phase =>
        {
            double total = phase.Value.Sum(o => o.TotalMs);
            Table table = new(
                phase.Key,
                $"Operators of {phase.Key}",
                Column.Text("phase", "phase") with { Audience = Audience.Machines },
                Column.Text("operator", "operator"),
                Column.Text("group", "group") with { Audience = Audience.Machines },
                Column.Number("layer class", "layer_class") with { Audience = Audience.Machines },
                Column.Number("count", "count"),
                Column.Number("us each", "latency_ms"),
                Column.Number("ms total", "total_ms"),
                Column.Number("share", "share"),
                Column.Text("bound", "bound"),
                Column.Number("FLOP", "flops"),
                Column.Number("bytes", "memory_bytes"),
                Column.Number("math", "flop_utilization"),
                Column.Number("mem", "bandwidth_utilization"));
            foreach (OperatorResult o in phase.Value.OrderByDescending(o => o.TotalMs))
            {
                double bytes = o.WeightBytes + o.KvBytes + o.ActivationBytes + o.CollectiveBytes;
                table.Add(
                    phase.Key, o.Name, o.Group, o.LayerClass, o.Count, Cell.Number(o.LatencyMs, Numbers.Short(o.LatencyMs * 1000)),
                    Cell.Number(o.TotalMs), Cell.Share(o.TotalMs / total),
                    o.Bound, Cell.Number(o.Flops, Numbers.Si(o.Flops, "")), Cell.Number(bytes, Numbers.Bytes(bytes)),
                    Cell.Share(o.FlopUtilization), Cell.Share(o.BandwidthUtilization));
            }

            return table;
        });
    }

    /// <summary>How many devices of what: unequal ones name themselves.</summary>
    internal static string SystemOf(SimulationResult result) => SettingMeasures.SystemOf(result.Devices, result.System);

    private static Facts Headline(SimulationResult result, IReadOnlyList<FrameworkRoom> rooms)
    {
        SimulationMetrics m = result.Metrics;
        List<Fact> facts = [];
        if (result.MemoryUsage is { } memory)
        {
            string share = Numbers.Percent(memory.TotalBytes / memory.CapacityBytes);
            string where = memory.DeviceName is { } fullest ? $"of {fullest}, the fullest" : "per device";
            string used = $"{Numbers.Bytes(memory.TotalBytes)} of {Numbers.Bytes(memory.CapacityBytes)} {where} ({share})";
            string text = memory.Fits ? $"yes, {used}" : $"NO, {used}: the times below are those of a machine with more memory";
            facts.Add(new("Fits", "fits", new Cell(text, memory.Fits) { Tone = memory.Fits ? Tone.Good : Tone.Bad }));
            if (memory.UsableBytes < memory.NominalBytes || memory.CapacityBytes < memory.UsableBytes)
            {
                facts.Add(new("Memory", "usable_memory_bytes", Cell.Number(memory.UsableBytes, DeviceMemory(memory))));
            }

            if (memory.KvCapacityTokens is { } tokens && memory.ConcurrentRequests is { } requests)
            {
                string each = memory.Replicas > 1 ? $" in each of {memory.Replicas} replicas" : "";
                string all = each.Length > 0 ? " in all" : "";
                string cache = $"{Numbers.Whole((long)tokens)} tokens{each}, {Numbers.Room(requests)} requests of this length at once{all}";
                facts.Add(new("KV cache holds", EstimateMetrics.KvCapacity.Key, Cell.Number(tokens, cache)));
                if (rooms.Count > 0)
                {
                    string byDefault = string.Join(
                        ", ", rooms.Select(r => $"{r.Framework} {(r.Tokens > 0 ? Numbers.Tokens(r.Tokens) : "none")}"));
                    facts.Add(new("  by default in", "framework_kv_tokens", byDefault));
                }
            }
        }

        Add(EstimateMetrics.TimeToFirstToken, v => $"{Numbers.Milliseconds(v)}, a batch by itself; of a service: --users, --rate");
        Add(EstimateMetrics.TimePerOutputToken, v => $"{Numbers.Milliseconds(v)}, {Numbers.Short(1000 / v)} tokens/s per request");
        if (m.ItlMs is { } itl && m.TpotMs is { } tpot && itl > tpot * 1.0001)
        {
            Add(EstimateMetrics.TimeBetweenDeliveries, v => $"{Numbers.Milliseconds(v)}, {Numbers.Short(itl / tpot)} tokens each");
        }

        Add(EstimateMetrics.EndToEnd, Numbers.Milliseconds);
        if (result.SimulationType == SimulationType.Chunked)
        {
            Add(EstimateMetrics.Latency with { Name = "Time of the step" }, Numbers.Milliseconds);
            Add(EstimateMetrics.Throughput, v => $"{Numbers.Short(v)} tokens/s");
        }

        Add(EstimateMetrics.PrefillThroughput, v => $"{Numbers.Short(v)} prompt tokens/s");
        Add(EstimateMetrics.DecodeThroughput, v => $"{Numbers.Short(v)} generated tokens/s");
        Add(EstimateMetrics.TotalThroughput, v => $"{Numbers.Short(v)} tokens/s{Requests(m)}");
        Add(EstimateMetrics.Cost, v => $"{Numbers.Dollars(v)} per million generated tokens{Rent(m)}");
        Add(EstimateMetrics.Energy, v => $"{Numbers.Short(v)} J per generated token{Watts(m)}");
        if (result.MemoryUsage is { Fits: true } room)
        {
            string text = $"batch {Numbers.Whole(room.LargestBatch)} at this length, "
                + $"or {Numbers.Whole(room.LongestContextTokens)} tokens of context at this batch";
            facts.Add(new("Room for", EstimateMetrics.LargestBatch.Key, Cell.Number(room.LargestBatch, text)));
        }

        if (result.Formats is { } formats)
        {
            facts.Add(new("Weights", "weight_format", new Cell($"{formats.Weights}, from {formats.WeightsOrigin}", formats.Weights)));
            string perToken = result.MemoryUsage is { KvBytesPerToken: > 0 and var bytes }
                ? $", {Numbers.Bytes(bytes)} per token and device"
                : "";
            facts.Add(new("KV cache", "kv_format", new Cell(formats.KvCache + perToken, formats.KvCache)));
        }

        return new Facts(null, facts);

        void Add(Metric<SimulationResult> metric, Func<double, string> text)
        {
            if (metric.Of(result) is { } v)
            {
                facts.Add(new Fact(metric.Name, metric.Key, Cell.Number(v, text(v)) with { Tone = Tone.Strong }));
            }
        }
    }

    private static string DeviceMemory(MemoryEstimate memory)
    {
        string usable = $"{Numbers.Bytes(memory.UsableBytes)} usable of {Numbers.Bytes(memory.NominalBytes)}";
        return memory.CapacityBytes < memory.UsableBytes
            ? $"{usable}, {Numbers.Bytes(memory.CapacityBytes)} taken ({Numbers.Percent(memory.CapacityBytes / memory.UsableBytes)})"
            : usable;
    }

    // What the cost rests on: the rent of all devices, whose whole hours these requests have to pay.
    private static string Rent(SimulationMetrics m) => m.CostPerHourUsd is { } hour ? $", at {Numbers.Dollars(hour)} an hour" : "";

    private static string Watts(SimulationMetrics m) => m.AveragePowerWatts is { } w ? $", {Numbers.Short(w)} W on average" : "";

    private static string Requests(SimulationMetrics m) => m.RequestsPerSecond is { } r ? $", {Numbers.Short(r)} requests/s" : "";

    private static Table Memory(MemoryEstimate memory)
    {
        var unit = ByteUnit.For(Math.Max(memory.WeightBytes, memory.KvCacheBytes));
        Table table = new(
            "memory", memory.DeviceName is { } fullest ? $"Memory of {fullest}, the fullest" : "Memory per device",
            Column.Text("part", "part"), Column.Number(unit.Name, "bytes"), Column.Number("share", "share"),
            Column.Bars() with { BarWidth = WideBar });
        Part("weights", memory.WeightBytes, Tone.Accent);
        Part("KV cache", memory.KvCacheBytes, Tone.Accent);
        Part("activations", memory.ActivationBytes, Tone.Accent);
        Part("reserve", memory.ReservedBytes, Tone.Accent);
        double free = memory.CapacityBytes - memory.TotalBytes;
        Part(free >= 0 ? "free" : "missing", Math.Abs(free), free >= 0 ? Tone.Dim : Tone.Bad);
        if (memory.OffloadedBytes > 0)
        {
            Cell share = memory.HostCapacityBytes is { } host ? Cell.Share(memory.OffloadedBytes / host) : Cell.None;
            table.Add(memory.HostCapacityBytes is null ? "offloaded" : "host", unit.Of(memory.OffloadedBytes), share, Cell.None);
        }

        return table;

        void Part(string name, double bytes, Tone tone)
        {
            double share = bytes / memory.CapacityBytes;
            table.Add(name, unit.Of(bytes), Cell.Share(share), Cell.BarOf(share, tone));
        }
    }

    private static Table Weights(FormatReport formats, string? device)
    {
        var unit = ByteUnit.For(formats.Parts.Sum(use => use.Bytes));
        Table table = new(
            "weights", device is null ? "Weights per device" : $"Weights of {device}", Column.Text("part", "part"),
            Column.Text("format", "format"),
            Column.Number("parameters", "parameters"), Column.Number("bits each", "bits_per_weight"), Column.Number(unit.Name, "bytes"));
        foreach (WeightUse use in formats.Parts)
        {
            table.Add(
                Words(use.Part), use.Formats, Cell.Number(use.Elements, Numbers.Count(use.Elements)),
                use.Elements > 0 ? Cell.Number(use.BitsPerWeight, Numbers.Fixed(use.BitsPerWeight, 3)) : Cell.None,
                unit.Of(use.Bytes, 3));
        }

        return table;
    }

    private static Table Time(SimulationResult result, bool isPipeline)
    {
        List<(string Name, Func<string, double> Of)> phases = [.. result.Operators.Select(phase => (phase.Key, GroupTime(phase.Value)))];
        if (result.SimulationType == SimulationType.EndToEnd)
        {
            phases.Add(("request", group => result.RuntimeBreakdown.GetValueOrDefault(group)));
        }

        string[] groups = [.. result.RuntimeBreakdown.Keys.OrderByDescending(group => phases.Sum(p => p.Of(group)))];
        List<Column> columns = [Column.Text("part", "part")];
        foreach ((string name, _) in phases)
        {
            columns.Add(Column.Number($"{name} ms", $"{name}_ms"));
            columns.Add(Column.Number("share", $"{name}_share"));
            columns.Add(Column.Bars() with { BarWidth = phases.Count == 1 ? WideBar : NarrowBar });
        }

        if (phases.Count == 3)
        {
            columns.RemoveAt(columns.Count - 1);
        }

        string?[] remarks = [phases.Count == 3 ? "decode: one step" : null, isPipeline ? "stages of the pipeline added up" : null];
        string remark = string.Join("; ", remarks.Where(r => r is not null));
        Table table = new("time", remark.Length > 0 ? $"Where the time goes ({remark})" : "Where the time goes", [.. columns]);
        foreach (string group in groups)
        {
            IEnumerable<Cell> cells = phases.SelectMany(phase =>
            {
                double total = groups.Sum(phase.Of);
                double share = total > 0 ? phase.Of(group) / total : 0;
                string milliseconds = Numbers.Fixed(phase.Of(group), Numbers.DecimalsFor(total) + 1);
                return new[] { Cell.Number(phase.Of(group), milliseconds), Cell.Share(share), Cell.BarOf(share) };
            });
            table.Add([Words(group), .. cells.Take(columns.Count - 1)]);
        }

        return table;
    }

    private static Func<string, double> GroupTime(IReadOnlyList<OperatorResult> operators) =>
        group => operators.Where(o => string.Equals(o.Group, group, StringComparison.Ordinal)).Sum(o => o.TotalMs);

    private static Table Utilisation(SimulationResult result)
    {
        Table table = new(
            "utilisation", "How the hardware is used",
            [Column.Text("phase", "phase"), .. PhaseMetrics.All.Select(m => m.Column), Column.Text("bound by", "bound")]);
        foreach ((string phase, HardwareUtilization use) in result.HardwareUtilization)
        {
            table.Add([phase, .. PhaseMetrics.All.Select(m => m.CellOf(use)), Bounds(result.Operators[phase], use)]);
        }

        return table;
    }

    private static Cell Bounds(IReadOnlyList<OperatorResult> operators, HardwareUtilization use)
    {
        double total = operators.Sum(o => o.TotalMs);
        IEnumerable<string> parts = operators.GroupBy(o => o.Bound, StringComparer.Ordinal)
            .Select(g => (g.Key, Share: total > 0 ? g.Sum(o => o.TotalMs) / total : 0))
            .Where(g => g.Share >= 0.005).OrderByDescending(g => g.Share)
            .Select(g => $"{Words(g.Key)} {Numbers.Percent(g.Share)}");
        string text = string.Join(", ", parts);
        return new Cell(text.Length == 0 ? use.Bound : text, use.Bound);
    }

    private static string Words(string name) => name.Replace('_', ' ');
}
