using Inferometer.Core;
using Inferometer.History.Records;

namespace Inferometer.History.Stores;

/// <summary>
/// Keeps runs. Every method is one transaction: what it acknowledged is on the disk, and nobody sees half of it. Several processes may use
/// one store at once. Methods may be called on any thread. All throw <see cref="InferometerException"/> where the store cannot be used.
/// </summary>
public interface IRunStore : IDisposable
{
    /// <summary>Where it is.</summary>
    StoreLocation Location { get; }

    /// <summary>Keeps a run, with its name, tags and series.</summary>
    /// <param name="run">The run, sealed (<see cref="RunRecord.Sealed"/>).</param>
    /// <returns>False where it was there already; a new name and new tags are then stuck on it.</returns>
    bool Add(RunRecord run);

    /// <summary>Keeps runs that belong together, all of them or none: a run with its prediction, or with its parts.</summary>
    /// <param name="runs">The runs, sealed.</param>
    /// <returns>How many were not there already.</returns>
    int Add(IReadOnlyList<RunRecord> runs);

    /// <summary>Runs that pass a filter, the latest first, without their series.</summary>
    /// <param name="filter">What is wanted.</param>
    IReadOnlyList<RunRecord> List(RunFilter filter);

    /// <summary>A run with its series.</summary>
    /// <param name="id">Its whole id.</param>
    /// <exception cref="InferometerException">It is not there, or damaged: its content has another SHA-256 than its id.</exception>
    RunRecord Get(string id);

    /// <summary>Names a run and sticks tags on it.</summary>
    /// <param name="id">Its whole id.</param>
    /// <param name="name">The name; null = as it is.</param>
    /// <param name="tags">Further tags.</param>
    void Label(string id, string? name, IReadOnlyList<string> tags);
}
