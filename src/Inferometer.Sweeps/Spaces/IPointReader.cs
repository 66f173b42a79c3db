using Inferometer.Core;
using Inferometer.Simulation;
using Inferometer.Simulation.Configuration;

namespace Inferometer.Sweeps.Spaces;

/// <summary>
/// What can be said of points and what it means. The settings are declared once, with the commands; a space is read with those.
/// Safe to share between threads.
/// </summary>
public interface IPointReader
{
    /// <summary>Makes the simulator that points are given to.</summary>
    SimulationEngine Engine { get; }

    /// <summary>All that can be said.</summary>
    /// <param name="simulated">Of a simulated service; otherwise of an estimate.</param>
    IReadOnlyList<PointSetting> Settings(bool simulated);

    /// <summary>A parameter of a feature that has no option of its own, such as <c>lora.rank</c>; null = there is none.</summary>
    PointSetting? Parameter(string name);

    /// <summary>Checks one value by itself.</summary>
    /// <exception cref="InferometerException">The value is not allowed.</exception>
    void Check(SaidSetting said, bool simulated);

    /// <summary>The estimate that is described; for a simulated service the deployment of a replica.</summary>
    /// <exception cref="InferometerException">Something is missing or contradictory.</exception>
    SimulationConfig ReadEstimate(IReadOnlyList<SaidSetting> said);

    /// <summary>The service that is described.</summary>
    /// <exception cref="InferometerException">Something is missing or contradictory.</exception>
    PointService ReadService(IReadOnlyList<SaidSetting> said);
}
