using System.Runtime.InteropServices;
using Inferometer.Core;

namespace Inferometer.Simulation.Calibration;

/// <summary>
/// Factors on coefficients for the deployments it names; what it does not name may be anything. All layers that match are multiplied.
/// </summary>
public sealed record CalibrationLayer
{
    /// <summary>Framework, or null.</summary>
    public string? Framework { get; init; }

    /// <summary>Class of the device, or null.</summary>
    public DeviceClass? DeviceClass { get; init; }

    /// <summary>Architecture of the device such as <c>Hopper</c>, or null.</summary>
    public string? Architecture { get; init; }

    /// <summary>Name of the device, or null.</summary>
    public string? Device { get; init; }

    /// <summary>Name of a model of <see cref="Shape"/>, for people.</summary>
    public string? Model { get; init; }

    /// <summary>Shape of the network as <see cref="CalibrationSubject.Shape"/> has it, or null.</summary>
    public string? Shape { get; init; }

    /// <summary>Format of the weights as <see cref="CalibrationSubject.Format"/> has it, or null.</summary>
    public string? Format { get; init; }

    /// <summary>A release of the framework before today's; null = any release.</summary>
    public string? Release { get; init; }

    /// <summary>Runs it was fitted on; 0 = it says what is believed.</summary>
    public int Runs { get; init; }

    /// <summary>Timings of single operators it was fitted on, which say nothing of what a service takes beside them.</summary>
    public int Timings { get; init; }

    /// <summary>Where it comes from; empty where the file's own source says it.</summary>
    public string Source { get; init; } = "";

    /// <summary>The factors, in the order of <see cref="Coefficient"/>.</summary>
    public EquatableList<CoefficientFactor> Factors { get; init; } = [];

    /// <summary>It was fitted to one model and format on one device with one framework.</summary>
    public bool IsGroup => Framework is not null && Device is not null && Shape is not null && Format is not null;

    /// <summary>Whether it is of a deployment.</summary>
    public bool Matches(CalibrationSubject subject)
    {
        ArgumentNullException.ThrowIfNull(subject);
        return Same(Framework, subject.Framework.Name) && (DeviceClass is null || DeviceClass == subject.DeviceClass)
            && Same(Architecture, subject.Architecture) && Same(Device, subject.Device) && Same(Shape, subject.Shape)
            && Same(Format, subject.Format) && Same(Release, subject.Release);
    }

    private static bool Same(string? wanted, string? found) => wanted is null || string.Equals(wanted, found, StringComparison.Ordinal);
}

/// <summary>One factor.</summary>
/// <param name="Coefficient">What it multiplies.</param>
/// <param name="Factor">By what, above 0.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct CoefficientFactor(Coefficient Coefficient, double Factor);
