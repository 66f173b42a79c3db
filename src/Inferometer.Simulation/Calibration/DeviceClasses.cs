using Inferometer.Core.Hardware;

namespace Inferometer.Simulation.Calibration;

/// <summary>Tells the class of a device from its datasheet.</summary>
public static class DeviceClasses
{
    /// <summary>The class of a device.</summary>
    public static DeviceClass Of(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        bool shared = device.MemoryType.StartsWith("LPDDR", StringComparison.OrdinalIgnoreCase);
        return device switch
        {
            { Kind: "cpu" } or { Cpu: not null } => DeviceClass.Cpu,
            { Vendor: "Apple" } => DeviceClass.Apple,
            { Kind: "gpu" } when shared => DeviceClass.Unified,
            { Vendor: "AMD" } => DeviceClass.Amd,
            { Vendor: "NVIDIA", Kind: "gpu" } when device.MemoryType.StartsWith("GDDR", StringComparison.OrdinalIgnoreCase) =>
                DeviceClass.Graphics,
            { Vendor: "NVIDIA", Kind: "gpu" } => DeviceClass.DataCenter,
            _ => DeviceClass.Other,
        };
    }

    /// <summary>The class in words, for a sentence.</summary>
    public static string Words(DeviceClass deviceClass) => deviceClass switch
    {
        DeviceClass.DataCenter => "NVIDIA data-centre GPUs",
        DeviceClass.Graphics => "NVIDIA graphics cards",
        DeviceClass.Unified => "boards with shared memory",
        DeviceClass.Apple => "Apple GPUs",
        DeviceClass.Amd => "AMD GPUs",
        DeviceClass.Cpu => "processors",
        _ => "devices of no measured kind",
    };
}
