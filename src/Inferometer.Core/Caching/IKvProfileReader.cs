using Inferometer.Core.Models;

namespace Inferometer.Core.Caching;

/// <summary>
/// Knows what named compression profiles of a KV cache cost. The simulator itself knows none but <c>q8</c> and <c>q4</c>; who can read
/// profiles hands this to the engine. Thread-safe.
/// </summary>
public interface IKvProfileReader
{
    /// <summary>What a profile costs for a model.</summary>
    /// <param name="profile">Name or file, as the configuration has it.</param>
    /// <param name="model">The model as the configuration names it, for a profile that lies beside its file.</param>
    /// <param name="architecture">The model.</param>
    /// <returns>Cost over all layers, KV heads and query heads of the unsharded model.</returns>
    /// <exception cref="Core.InferometerException">There is no such profile, or it does not fit the model.</exception>
    KvCodecCost Read(string profile, string model, ModelArchitecture architecture);
}
