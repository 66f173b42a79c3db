namespace Inferometer.Simulation.Calibration;

/// <summary>How well a case is known to a calibration; the errors to expect follow from it.</summary>
public enum Familiarity
{
    /// <summary>Runs of this model and format on this device with this framework were fitted.</summary>
    Fitted,

    /// <summary>Runs of this device and framework were fitted, but none of this model in this format.</summary>
    Related,

    /// <summary>Devices of this class were fitted, but not this one, or not with this framework.</summary>
    Class,

    /// <summary>Nothing of the kind was fitted: the datasheet and what is believed of its class.</summary>
    Datasheet,
}
