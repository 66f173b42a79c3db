using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;

namespace Inferometer.Simulation.Estimators;

/// <summary>A system as the estimator's dictionary had it; decimal units.</summary>
public sealed record HardwareConfig
{
    /// <summary>Catalog name; null for a system given by figures alone.</summary>
    [JsonPropertyName("name")]
    public string? Name { get; init; }

    /// <summary>Dense bf16 peak, TFLOPS.</summary>
    [JsonPropertyName("Flops")]
    public double Flops { get; init; }

    /// <summary>Memory of one device, GB.</summary>
    [JsonPropertyName("Memory_size")]
    public double MemorySize { get; init; }

    /// <summary>Memory bandwidth, GB/s.</summary>
    [JsonPropertyName("Memory_BW")]
    public double MemoryBandwidth { get; init; }

    /// <summary>Bandwidth between devices of a node, GB/s per direction.</summary>
    [JsonPropertyName("ICN")]
    public double Interconnect { get; init; }

    /// <summary>A system of the catalog; its figures are looked up when it is used.</summary>
    public static implicit operator HardwareConfig(string name) => FromName(name);

    /// <summary>A system of the catalog; its figures are looked up when it is used.</summary>
    public static HardwareConfig FromName(string name) => new() { Name = name };

    internal static HardwareConfig From(HardwareSystem system) => new()
    {
        Name = system.Name,
        Flops = system.Device.PeakFor(MathFormat.Bf16) / 1e12,
        MemorySize = system.Device.MemoryBytes / 1e9,
        MemoryBandwidth = system.Device.MemoryBandwidth / 1e9,
        Interconnect = system.IntraNode.Bandwidth / 1e9,
    };

    // A name stands for everything the catalog knows of it; changed figures make a system of one's own.
    internal JsonNode ToParameter(Func<string, HardwareSystem> find)
    {
        if (Name is not null && (Flops == 0 || this == From(find(Name))))
        {
            return Name;
        }

        return new JsonObject
        {
            ["Flops"] = Flops,
            ["Memory_size"] = MemorySize,
            ["Memory_BW"] = MemoryBandwidth,
            ["ICN"] = Interconnect,
        };
    }
}
