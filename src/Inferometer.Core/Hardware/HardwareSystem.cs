namespace Inferometer.Core.Hardware;

/// <summary>Devices and the links between them: nodes of equal devices on a fast network, nodes on a slower one.</summary>
public sealed record HardwareSystem
{
    /// <summary>Canonical name, usually the device's.</summary>
    public required string Name { get; init; }

    /// <summary>The device all nodes are made of.</summary>
    public required Device Device { get; init; }

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
