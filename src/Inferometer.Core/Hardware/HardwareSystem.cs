namespace Inferometer.Core.Hardware;

/// <summary>Devices and the links between them: nodes of equal devices on a fast network, nodes on a slower one.</summary>
public sealed record HardwareSystem
{
    /// <summary>Canonical name, usually the device's.</summary>
    public required string Name { get; init; }

    /// <summary>The device all nodes are made of; of unequal devices the first, with the mean of their powers and prices.</summary>
    public required Device Device { get; init; }

    /// <summary>
    /// Unequal devices that hold the layers one after another; empty where all are equal. Then <see cref="Device"/> stands for them where
    /// one figure is asked for.
    /// </summary>
    public EquatableList<Device> Devices { get; init; } = [];

    /// <summary>The device of a pipeline stage.</summary>
    /// <param name="stage">Number of the stage, from 0.</param>
    public Device DeviceOf(int stage) => Devices.Count > 0 ? Devices[stage] : Device;

    /// <summary>
    /// Some systems' devices side by side in one machine, as a pipeline that gives each as many layers as its memory has room for. Messages
    /// go over the slowest of their links.
    /// </summary>
    /// <param name="systems">One device each, in the order of the layers; at least two.</param>
    /// <exception cref="InferometerException">There are fewer than two.</exception>
    public static HardwareSystem Mixed(IReadOnlyList<HardwareSystem> systems)
    {
        ArgumentNullException.ThrowIfNull(systems);
        if (systems.Count < 2)
        {
            throw new InferometerException("A machine of unequal devices needs at least two of them.");
        }

        string name = string.Join('+', systems.Select(s => s.Name));
        Device[] devices = [.. systems.Select(s => s.Device)];
        HardwareSystem slowest = systems.MinBy(s => s.IntraNode.Bandwidth)!;
        return slowest with
        {
            Name = name,
            Device = devices[0] with
            {
                Name = name,
                TdpWatts = Mean(devices, d => d.TdpWatts),
                PricePerHourUsd = Mean(devices, d => d.PricePerHourUsd),
            },
            Devices = [.. devices],
            DevicesPerNode = devices.Length,
            Sources = systems.SelectMany(s => s.Sources.Select(source => (Key: $"{s.Name} {source.Key}", source.Value)))
                .DistinctBy(source => source.Key, StringComparer.Ordinal)
                .ToDictionary(source => source.Key, source => source.Value, StringComparer.Ordinal),
        };
    }

    private static double? Mean(Device[] devices, Func<Device, double?> of) =>
        devices.All(d => of(d) is not null) ? devices.Average(d => of(d)) : null;

    /// <summary>Devices in one node.</summary>
    public int DevicesPerNode { get; init; } = 8;

    /// <summary>Link between devices of a node.</summary>
    public required Link IntraNode { get; init; }

    /// <summary>Link between nodes, per device.</summary>
    public required Link InterNode { get; init; }

    /// <summary>Where each figure comes from, by field.</summary>
    public IReadOnlyDictionary<string, string> Sources { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}

/// <summary>One tier of a network.</summary>
/// <param name="Bandwidth">Bytes per second, per device and direction.</param>
/// <param name="LatencySeconds">Time of an empty message, seconds.</param>
/// <param name="Topology">How collectives run on it.</param>
public sealed record Link(double Bandwidth, double LatencySeconds, LinkTopology Topology = LinkTopology.Switched);

/// <summary>What connects the devices of one tier.</summary>
public enum LinkTopology
{
    /// <summary>Every device reaches every other at full rate through switches (NVSwitch, InfiniBand fat tree).</summary>
    Switched,

    /// <summary>Switches that add up in the network (NVLink SHARP).</summary>
    InNetworkReduction,

    /// <summary>A ring or torus (TPU ICI).</summary>
    Ring,

    /// <summary>Shared host bus (PCIe).</summary>
    HostBus,
}
