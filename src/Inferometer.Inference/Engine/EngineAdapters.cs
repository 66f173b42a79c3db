using Inferometer.Core;
using Inferometer.Runners;

namespace Inferometer.Inference.Engine;

/// <summary>
/// The adapters that were loaded for a model, and what tells their cached prefixes apart. Engines over the same weights share them; the
/// last engine frees them. Thread-safe.
/// </summary>
internal sealed class EngineAdapters
{
    private readonly Lock _gate = new();
    private readonly Dictionary<IModelAdapter, ulong> _salts = new(ReferenceEqualityComparer.Instance);
    private int _engines = 1;

    /// <summary>For one engine more.</summary>
    public EngineAdapters Share()
    {
        Interlocked.Increment(ref _engines);
        return this;
    }

    /// <summary>Adds one that was loaded.</summary>
    public void Add(IModelAdapter adapter)
    {
        lock (_gate)
        {
            _salts.Add(adapter, (ulong)_salts.Count + 1);
        }
    }

    /// <summary>What tells the cached prefixes of an adapter apart; 0 = none is used.</summary>
    /// <exception cref="InferometerException">It was loaded for another model.</exception>
    public ulong SaltOf(IModelAdapter? adapter)
    {
        if (adapter is null)
        {
            return 0;
        }

        lock (_gate)
        {
            return _salts.TryGetValue(adapter, out ulong salt)
                ? salt
                : throw new InferometerException($"request: adapter '{adapter.Name}' was not loaded by this engine.");
        }
    }

    /// <summary>One engine fewer uses them.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _engines) > 0)
        {
            return;
        }

        lock (_gate)
        {
            foreach (IModelAdapter adapter in _salts.Keys)
            {
                adapter.Dispose();
            }

            _salts.Clear();
        }
    }
}
