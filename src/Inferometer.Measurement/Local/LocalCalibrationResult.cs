using Inferometer.Core.Catalog;
using Inferometer.Measurement.Diagnostics;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Fitting;

namespace Inferometer.Measurement.Local;

/// <summary>What was measured of this machine, and what it makes of predictions of the engine.</summary>
public sealed record LocalCalibrationResult
{
    /// <summary>The machine, for <c>hardware/NAME.json</c>.</summary>
    public required CatalogSystem Machine { get; init; }

    /// <summary>Its limits.</summary>
    public required MachineLimits Limits { get; init; }

    /// <summary>Time to hand out a piece of empty work and have it back, seconds.</summary>
    public required double DispatchSeconds { get; init; }

    /// <summary>From the end of a step until its tokens are with who asked, seconds.</summary>
    public required double HandOverSeconds { get; init; }

    /// <summary>Layers of this machine and the framework <c>inferometer</c> alone.</summary>
    public required CalibrationSet Calibration { get; init; }

    /// <summary>The engine's steps that it was fitted to.</summary>
    public required IReadOnlyList<CalibratedStep> Steps { get; init; }

    /// <summary>Workloads that it has not seen.</summary>
    public required IReadOnlyList<LocalCheck> Checks { get; init; }

    /// <summary>How steady the machine was meanwhile.</summary>
    public required PaceReport Pace { get; init; }

    /// <summary>How long all of it took, seconds.</summary>
    public required double Seconds { get; init; }
}
