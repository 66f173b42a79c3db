namespace Inferometer.Simulation.Calibration;

/// <summary>Kinds of devices whose kernels reach similar shares of what the datasheet says.</summary>
public enum DeviceClass
{
    /// <summary>NVIDIA accelerators with stacked memory.</summary>
    DataCenter,

    /// <summary>NVIDIA cards with graphics memory: GeForce, RTX, L and A10 to A40 series.</summary>
    Graphics,

    /// <summary>Boards whose processor and accelerator share slow memory.</summary>
    Unified,

    /// <summary>Apple's accelerators.</summary>
    Apple,

    /// <summary>AMD accelerators.</summary>
    Amd,

    /// <summary>Processors.</summary>
    Cpu,

    /// <summary>Everything else: TPUs, Gaudi, Trainium, systems given by a few figures.</summary>
    Other,
}
