using System.Runtime.InteropServices;

namespace Inferometer.Simulation.Serving;

/// <summary>The service during one part of the time, each figure a mean over it and a sum over replicas.</summary>
/// <param name="Seconds">When the part begins.</param>
/// <param name="Waiting">Requests that had arrived and were not admitted yet.</param>
/// <param name="Running">Requests admitted and not ended.</param>
/// <param name="Batch">Sequences in the steps; 0 while no step runs.</param>
/// <param name="KvUse">Share of all KV blocks in use, 0 to 1.</param>
/// <param name="OutputTokensPerSecond">Tokens generated a second.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct LoadPoint(
    double Seconds, double Waiting, double Running, double Batch, double KvUse, double OutputTokensPerSecond);
