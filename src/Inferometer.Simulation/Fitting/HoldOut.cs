namespace Inferometer.Simulation.Fitting;

/// <summary>A way to hold runs back: every run is predicted by a fit that did not see its part.</summary>
public enum HoldOut
{
    /// <summary>A fifth of the runs at a time, drawn at random.</summary>
    RandomFifth,

    /// <summary>A fifth of the groups (framework, model, device, format) at a time.</summary>
    WholeGroups,

    /// <summary>One model at a time.</summary>
    Model,

    /// <summary>One device at a time.</summary>
    Device,

    /// <summary>One framework at a time.</summary>
    Framework,

    /// <summary>One class of devices at a time.</summary>
    DeviceClass,
}
