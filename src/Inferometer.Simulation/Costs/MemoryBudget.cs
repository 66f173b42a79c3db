using Inferometer.Core.Frameworks;
using Inferometer.Core.Hardware;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <summary>
/// How much of a device a deployment may fill, and what of it the framework keeps. Without a framework: a share of what the device reports,
/// by default all, less the reserve of the device's own entry.
/// </summary>
internal sealed class MemoryBudget
{
    private readonly FrameworkProfile? _framework;
    private readonly EstimateRequest _request;
    private readonly int _devices;

    public MemoryBudget(EstimateRequest request)
    {
        _request = request;
        _framework = request.Framework;
        _devices = request.Parallelism.DeviceCount;
    }

    /// <summary>A framework sizes activations by its largest step, whatever the workload.</summary>
    public bool SizesByLargestStep => _framework is not null;

    /// <summary>Kept by framework and driver beside weights, activations and cache.</summary>
    public double ReservedBytes(Device device) => _framework is null
        ? device.Efficiency.ReservedBytes
        : _framework.ContextBytes + (_devices > 1 ? _framework.PeerBytes : 0);

    /// <summary>Bytes alive while the tokens of the request's largest step are chosen.</summary>
    /// <param name="vocabulary">Logits of a row.</param>
    public double SamplerBytes(int vocabulary) => SamplerBytes(vocabulary, _request.MaxSequences, _request.MaxStepTokens);

    /// <summary>Bytes alive while the tokens of the largest step are chosen.</summary>
    /// <param name="vocabulary">Logits of a row.</param>
    /// <param name="maxSequences">Most sequences of a step; 0 = as the framework has it.</param>
    /// <param name="maxStepTokens">Most tokens of a step; 0 = any number.</param>
    public double SamplerBytes(int vocabulary, int maxSequences, int maxStepTokens)
    {
        if (_framework is null)
        {
            return 0;
        }

        FrameworkSize size = _framework.SizeOn(_request.System.Device);
        int sequences = maxSequences > 0 ? maxSequences : size.Sequences;
        double rows = maxStepTokens > 0 ? Math.Min(sequences, maxStepTokens) : sequences;
        return rows * vocabulary * _framework.BytesPerLogit;
    }

    /// <summary>The share of the device's memory in use.</summary>
    public double Share(Device device) => _request.MemoryUtilization
        ?? _framework?.ShareOn(device, _framework.SizeOn(device), _devices) ?? 1;

    /// <summary>
    /// What the deployment may fill: weights, activations and reserve, and beside them the cache. Below their sum where there is no room
    /// for a cache.
    /// </summary>
    public double CapacityBytes(Device device, double weights, double activations)
    {
        double usable = device.UsableMemoryBytes;
        double share = Share(device);
        if (_framework is null)
        {
            return share * usable;
        }

        double reserved = ReservedBytes(device);
        double taken = weights + activations + reserved;
        double left = usable - taken - _framework.OutsideBytes;
        double cache = _framework.ShareOf switch
        {
            MemoryShare.Everything => Math.Min((share * usable) - taken, left),
            MemoryShare.WeightsAndCache => Math.Min((share * (usable - reserved)) - weights, left),
            _ => left > 0 ? share * left : left,
        };
        return taken + cache;
    }
}
