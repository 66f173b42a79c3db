using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;

namespace Inferometer.Core.Frameworks;

/// <summary>
/// What a serving framework does as it comes. With a device's memory: which share it takes, what it keeps for itself, and by how large a
/// step it sizes activations. With requests: how they are scheduled. Sizes in bytes. The built-in ones are data, with the source of each
/// figure; see <c>catalog/frameworks</c>.
/// </summary>
public sealed record FrameworkProfile
{
    /// <summary>Canonical name, such as <c>vllm</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Other names that lead to it.</summary>
    public EquatableList<string> Aliases { get; init; } = [];

    /// <summary>Makers of the accelerators that it runs on; empty = any, and processors.</summary>
    public EquatableList<string> Vendors { get; init; } = [];

    /// <summary>Kinds of devices that it runs on, as <see cref="Device.Kind"/> has them; empty = as <see cref="Vendors"/> says.</summary>
    public EquatableList<string> Kinds { get; init; } = [];

    /// <summary>A way to schedule that others are compared with; nobody's framework, so that nothing is known of its memory.</summary>
    public bool IsComparison { get; init; }

    /// <summary>
    /// Its kernels were timed one by one and no step of it ever was: what is said of it is marked so, and it is left out of what is told
    /// unasked.
    /// </summary>
    public bool RestsOnProbes { get; init; }

    /// <summary>Requests can be sent to it; otherwise it is left out of what is told unasked, and no command starts it.</summary>
    public bool IsServer { get; init; } = true;

    /// <summary>What its scheduler does.</summary>
    public required FrameworkScheduler Scheduler { get; init; }

    /// <summary>What the share is a share of.</summary>
    public MemoryShare ShareOf { get; init; }

    /// <summary>The share it takes where nothing is said; null = what <see cref="Reserve"/> leaves.</summary>
    public double? MemoryUtilization { get; init; }

    /// <summary>What it leaves free beside weights and cache; null = the share is given.</summary>
    public FrameworkReserve? Reserve { get; init; }

    /// <summary>The framework's own memory within the share: the driver's, libraries'.</summary>
    public double ContextBytes { get; init; }

    /// <summary>More of it where devices work together: buffers of collectives.</summary>
    public double PeerBytes { get; init; }

    /// <summary>Memory beyond the share: captured graphs, and a driver's context that was there before the share was taken.</summary>
    public double OutsideBytes { get; init; }

    /// <summary>Bytes alive per logit while tokens are chosen.</summary>
    public double BytesPerLogit { get; init; }

    /// <summary>
    /// Products in 16 bits are summed in 16 bits, or computed in 8-bit integers: graphics cards do so at twice the rate of their
    /// datasheets' products in 16 bits, which are summed in 32.
    /// </summary>
    public bool SumsIn16Bits { get; init; }

    /// <summary>Most pieces of prompts that are in a pipeline at once; 0 = one in each stage, however many there are.</summary>
    public int PipelinePieces { get; init; }

    /// <summary>
    /// The format in which it serves a checkpoint of another one where nothing is said, names of <see cref="Weights.WeightFormats"/>; as
    /// the checkpoint is where it is not there. GGUF files keep theirs.
    /// </summary>
    public IReadOnlyDictionary<string, string> Serves { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Steps that it replays where it launches others kernel by kernel; null = its steps of one kind are launched alike.</summary>
    public FrameworkGraphs? Graphs { get; init; }

    /// <summary>
    /// Most tokens of a step whose products with packed weights go by kernels for vectors, not by matrix units, on devices that are no
    /// processors; those with others do with one token. 0 = it has no such kernels.
    /// </summary>
    public int VectorRows { get; init; }

    /// <summary>Releases before today's that took other times.</summary>
    public EquatableList<string> Releases => Graphs?.Before ?? [];

    /// <summary>The format of its cache where nothing is said; null = that of the activations.</summary>
    public Precision? KvCache { get; init; }

    /// <summary>Formats that it runs; null = nothing is said of them.</summary>
    public FrameworkFormats? Formats { get; init; }

    /// <summary>Tokens of one block of the cache.</summary>
    public int BlockTokens { get; init; } = 1;

    /// <summary>Steps by memory of the device; the first that fits holds.</summary>
    public required EquatableList<FrameworkSize> Sizes { get; init; }

    /// <summary>Where each figure comes from, by field.</summary>
    public IReadOnlyDictionary<string, string> Sources { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Whether it runs on a device, as far as is known.</summary>
    public bool RunsOn(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return Kinds.Count > 0
            ? Kinds.Contains(device.Kind, StringComparer.OrdinalIgnoreCase)
            : Vendors.Count == 0 || device.Vendor.Length == 0
            || (device.Kind is not "cpu" && Vendors.Contains(device.Vendor, StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>How it sizes steps on a device.</summary>
    public FrameworkSize SizeOn(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return Sizes.First(size => device.MemoryBytes < size.BelowBytes
            && (size.Named.Count == 0 || size.Named.Any(name => device.Name.StartsWith(name, StringComparison.OrdinalIgnoreCase))));
    }

    /// <summary>The share it takes of a device where nothing is said.</summary>
    /// <param name="device">The device.</param>
    /// <param name="size">The steps.</param>
    /// <param name="devices">Devices of the group.</param>
    public double ShareOn(Device device, FrameworkSize size, int devices)
    {
        ArgumentNullException.ThrowIfNull(device);
        double usable = device.UsableMemoryBytes;
        return MemoryUtilization ?? Math.Max(0, usable - Reserve!.Bytes(device.MemoryBytes, size, devices)) / usable;
    }
}
