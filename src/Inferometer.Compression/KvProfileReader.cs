using System.Collections.Concurrent;
using Inferometer.Core.Caching;
using Inferometer.Core.Models;

namespace Inferometer.Compression;

/// <summary>
/// Lets the simulator name what the engine can run: every <see cref="KvCacheSetting"/>. A profile file is read once. Thread-safe.
/// </summary>
public sealed class KvProfileReader : IKvProfileReader
{
    private readonly ConcurrentDictionary<(string Profile, string Model), KvCacheSetting> _settings = [];

    /// <inheritdoc/>
    public KvCodecCost Read(string profile, string model, ModelArchitecture architecture) =>
        _settings.GetOrAdd((profile, model), static key => KvCacheSetting.Parse(key.Profile, Path.Exists(key.Model) ? key.Model : null))
            .CostOf(architecture);
}
