using Inferometer.Scheduling;

namespace Inferometer.Simulation.Serving;

/// <summary>
/// Is told of every step of a simulated service, for those who want to know where time went. A service that is observed runs its steps one
/// by one, which takes longer and changes nothing of what comes out. Called between steps; must not throw and must not keep a step's plan.
/// </summary>
public interface IServiceObserver
{
    /// <summary>A step has ended. Requests that ended with it were told before.</summary>
    void OnStep(in ServiceStep step);

    /// <summary>A replica is done with a request, which may go on at another where prompts are read apart.</summary>
    /// <param name="number">Number of the request, in order of arrival.</param>
    /// <param name="isMeasured">Whether it counts, or came during the warm-up.</param>
    /// <param name="sequence">What the replica's scheduler knows of it.</param>
    void OnEnded(long number, bool isMeasured, Sequence sequence);
}
