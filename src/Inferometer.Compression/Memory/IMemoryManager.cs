namespace Inferometer.Compression.Memory;

/// <summary>Admits computations before they start. Implementations must be thread-safe.</summary>
public interface IMemoryManager
{
    /// <summary>What is in use now and what happened so far.</summary>
    ManagedMemory Usage { get; }

    /// <summary>Starts a computation; dispose what is returned when it has ended.</summary>
    /// <param name="name">What it is, for the message.</param>
    /// <param name="requiredBytes">Memory it will need beyond what is in use, bytes; 0 where that is not known.</param>
    /// <exception cref="Core.InferometerException">It cannot fit beside what is in use and what running computations were
    /// promised.</exception>
    IDisposable ManagedComputation(string name = "computation", long requiredBytes = 0);
}
