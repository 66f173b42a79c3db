using Inferometer.Cpu.Kernels;
using Inferometer.Cpu.Threading;

namespace Inferometer.Measurement.Diagnostics;

/// <summary>A piece of work of one kind for all threads.</summary>
/// <param name="buffer">Memory that is read or written, a stretch per chunk.</param>
/// <param name="chunkBytes">Bytes of a chunk, a multiple of 1 KiB.</param>
internal sealed unsafe class ProbeWork(NativeBuffer buffer, long chunkBytes) : ParallelWork
{
    private long _sink;

    /// <summary>What it does.</summary>
    public ProbeKind Kind { get; set; }

    /// <inheritdoc/>
    public override void Execute(int chunk, int worker)
    {
        byte* start = buffer.Address + (chunk * chunkBytes);
        long result = 0;
        switch (Kind)
        {
            case ProbeKind.Write:
                for (long i = 0; i < chunkBytes; i += sizeof(long))
                {
                    *(long*)(start + i) = i;
                }

                break;
            case ProbeKind.Read:
                result = RateLoops.Read(start, chunkBytes);
                break;
            case ProbeKind.ReadPages:
                result = RateLoops.ReadPages(start, chunkBytes);
                break;
            case ProbeKind.Float:
                result = RateLoops.MultiplyFloats();
                break;
            default:
                result = RateLoops.MultiplyIntegers();
                break;
        }

        // Results are used, so that no loop can be left out.
        Interlocked.Add(ref _sink, result);
    }
}

/// <summary>What a piece of work does.</summary>
internal enum ProbeKind
{
    Write,
    Read,
    ReadPages,
    Float,
    Int8,
}
