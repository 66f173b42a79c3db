namespace Inferometer.Simulation.Requests;

/// <summary>Which part of a CPU is used. Zeros mean all of what the device has.</summary>
public sealed record CpuSpec
{
    /// <summary>Cores that compute; 0 = all.</summary>
    public int Cores { get; init; }

    /// <summary>Width of the vector instructions in use, bits; 0 = the widest.</summary>
    public int SimdBits { get; init; }

    /// <summary>Where memory lies relative to the cores.</summary>
    public NumaPolicy Numa { get; init; } = NumaPolicy.Local;
}

/// <summary>Placement of memory over NUMA nodes.</summary>
public enum NumaPolicy
{
    /// <summary>Every core reads the memory of its own node; nodes without a working core contribute no bandwidth.</summary>
    Local,

    /// <summary>Pages alternate over all nodes, so that (n - 1)/n of all reads cross a link.</summary>
    Interleaved,

    /// <summary>All memory lies on one node (first touch by one thread).</summary>
    SingleNode,
}
