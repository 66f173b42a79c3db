using System.Globalization;
using Inferometer.Core;

namespace Inferometer.Compression.Memory;

/// <summary>
/// Admits computations against a memory limit before they start, and cleans up after those that leave memory nearly full. Thread-safe.
/// </summary>
public sealed class MemoryManager : IMemoryManager
{
    private readonly Lock _gate = new();
    private readonly double _cleanupThreshold;
    private readonly long _limitBytes;
    private readonly Func<long> _usedBytes;
    private readonly Action _cleanUp;
    private long _reservedBytes;
    private long _peakBytes;
    private int _cleanups;
    private int _refusals;
    private int _active;

    /// <summary>Manages the memory of this process.</summary>
    /// <param name="cleanupThreshold">Share of the limit, above 0 to 1, from which on the end of a computation collects garbage.</param>
    /// <param name="limitBytes">Memory there is; null = what the runtime may use on this machine or in this container.</param>
    /// <exception cref="InferometerException">The threshold or the limit is out of range.</exception>
    public MemoryManager(double cleanupThreshold = 0.8, long? limitBytes = null)
        : this(
            cleanupThreshold, limitBytes ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, () => Environment.WorkingSet,
            () => GC.Collect())
    {
    }

    internal MemoryManager(double cleanupThreshold, long limitBytes, Func<long> usedBytes, Action cleanUp)
    {
        if (cleanupThreshold is not (> 0 and <= 1))
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture, $"memory cleanup threshold is {cleanupThreshold}; allowed is above 0, at most 1."));
        }

        if (limitBytes < 1)
        {
            throw new InferometerException($"memory limit is {limitBytes} bytes; allowed is 1 or more.");
        }

        (_cleanupThreshold, _limitBytes, _usedBytes, _cleanUp) = (cleanupThreshold, limitBytes, usedBytes, cleanUp);
    }

    /// <inheritdoc/>
    public ManagedMemory Usage
    {
        get
        {
            lock (_gate)
            {
                return new ManagedMemory(_usedBytes(), _reservedBytes, _peakBytes, _limitBytes, _active, _cleanups, _refusals);
            }
        }
    }

    /// <inheritdoc/>
    public IDisposable ManagedComputation(string name = "computation", long requiredBytes = 0)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfNegative(requiredBytes);
        lock (_gate)
        {
            if (!Fits(requiredBytes))
            {
                CleanUp();
            }

            if (!Fits(requiredBytes))
            {
                _refusals++;
                throw new InferometerException(
                    $"{name} needs {requiredBytes} bytes, but of {_limitBytes} bytes {_usedBytes()} are in use "
                    + $"and {_reservedBytes} promised to running computations.");
            }

            _reservedBytes += requiredBytes;
            _active++;
            return new Computation(this, requiredBytes);
        }
    }

    // Free as long as running computations have not yet touched what they were promised; counting both is on the safe side.
    private bool Fits(long requiredBytes) =>
        requiredBytes <= _limitBytes - _reservedBytes - Math.Min(_usedBytes(), _limitBytes - _reservedBytes);

    private void CleanUp()
    {
        _cleanups++;
        _cleanUp();
    }

    private void End(long reservedBytes)
    {
        lock (_gate)
        {
            long used = _usedBytes();
            _peakBytes = Math.Max(_peakBytes, used);
            _reservedBytes -= reservedBytes;
            _active--;
            if (used > _cleanupThreshold * _limitBytes)
            {
                CleanUp();
            }
        }
    }

    private sealed class Computation(MemoryManager manager, long reservedBytes) : IDisposable
    {
        private int _ended;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _ended, 1) == 0)
            {
                manager.End(reservedBytes);
            }
        }
    }
}
