using System.Runtime.InteropServices;

namespace Inferometer.Simulation.Operators;

/// <summary>Which part of a layer the host computes.</summary>
internal enum HostPart
{
    None,
    Experts,
    Layer,
}

/// <summary>Where a layer's operators run: a device, and for a part of them the host.</summary>
/// <param name="Device">The deployment seen from the device.</param>
/// <param name="Host">The deployment seen from the host; null = the device computes everything.</param>
/// <param name="Part">What the host computes.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct StagePlace(DeploymentProfile Device, DeploymentProfile? Host = null, HostPart Part = HostPart.None)
{
    public bool IsOnHost(OperatorTemplate item) => item.Group != OperatorGroup.HostTransfer && Part switch
    {
        HostPart.Layer => true,
        HostPart.Experts => item.IsRouted,
        _ => false,
    };
}
