using System.Runtime.InteropServices;

namespace Inferometer.Server.Generation;

/// <summary>Some of the replicas.</summary>
/// <param name="Bits">One bit for each.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ReplicaMask(ulong Bits)
{
    /// <summary>Most replicas there may be.</summary>
    public const int Most = 64;

    /// <summary>Whether one is among them.</summary>
    public bool Has(int index) => (Bits >> index & 1) != 0;

    /// <summary>With another.</summary>
    public ReplicaMask With(int index) => new(Bits | (1ul << index));
}
