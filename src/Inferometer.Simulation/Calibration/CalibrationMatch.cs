using System.Globalization;

namespace Inferometer.Simulation.Calibration;

/// <summary>What a calibration knows of a deployment.</summary>
public sealed record CalibrationMatch
{
    /// <summary>What it was looked up by.</summary>
    public required CalibrationSubject Subject { get; init; }

    /// <summary>The coefficients.</summary>
    public required Coefficients Coefficients { get; init; }

    /// <summary>How well the case is known.</summary>
    public required Familiarity Familiarity { get; init; }

    /// <summary>Fitted runs that its familiarity rests on; 0 = none.</summary>
    public required int Runs { get; init; }

    /// <summary>Fitted runs of its relatives where none of its own were: of the same model in another format or elsewhere.</summary>
    public int RunsOfRelatives { get; init; }

    /// <summary>Timings of single operators on the device that its coefficients rest on; 0 = none.</summary>
    public int Timings { get; init; }

    /// <summary>Bands of the three metrics, in the order of <see cref="CalibratedMetric"/>.</summary>
    public required IReadOnlyList<CalibrationBand> Bands { get; init; }

    /// <summary>What estimates of the deployment rest on, in a sentence without its full stop.</summary>
    public string RestsOn
    {
        get
        {
            string framework = Subject.Framework.Name;
            string of = DeviceClasses.Words(Subject.DeviceClass);
            string but = RunsOfRelatives == 0 ? ""
                : string.Create(CultureInfo.InvariantCulture, $", but {RunsOfRelatives:N0} of the model in another format or elsewhere");
            FormattableString said = Familiarity switch
            {
                Familiarity.Fitted => $"fitted on {Runs:N0} runs of this model and format on this device with {framework}",
                Familiarity.Related => $"fitted on {Runs:N0} runs of this device with {framework}, none of this model in this format{but}",
                Familiarity.Class => $"fitted on {Runs:N0} runs of {of}, none of this one with {framework}{but}",
                _ when Subject.Framework.RestsOnProbes => $"probes of single kernels: no step of {framework} was timed",
                _ => $"datasheet only, class prior of {of}: nothing of the kind was fitted",
            };
            return said.ToString(CultureInfo.InvariantCulture) + Profile;
        }
    }

    private string Profile => Timings > 0
        ? string.Create(CultureInfo.InvariantCulture, $"; operators on {Timings:N0} timings of this device")
        : "";

    /// <summary>The band of a metric.</summary>
    public CalibrationBand Band(CalibratedMetric metric) => Bands[(int)metric];
}
