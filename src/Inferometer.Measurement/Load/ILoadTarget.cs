using Inferometer.Core;

namespace Inferometer.Measurement.Load;

/// <summary>A service that a load is put on.</summary>
public interface ILoadTarget
{
    /// <summary>What it is, as a person would name it.</summary>
    string Name { get; }

    /// <summary>Makes ready: looks whether the service is there, and at how it counts.</summary>
    /// <exception cref="InferometerException">It is not there, or refuses what the load would ask.</exception>
    Task PrepareAsync(CancellationToken cancellationToken);

    /// <summary>Asks, and reads the answer as it comes. A request that goes wrong is an answer with an error.</summary>
    /// <param name="question">The request.</param>
    /// <param name="clock">Stamps what comes.</param>
    /// <param name="cancellationToken">Gives the request up.</param>
    /// <exception cref="OperationCanceledException">It was given up.</exception>
    Task<LoadAnswer> AskAsync(LoadQuestion question, LoadClock clock, CancellationToken cancellationToken);
}
