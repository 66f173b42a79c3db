using System.Runtime.InteropServices;
using Inferometer.Scheduling;

namespace Inferometer.Simulation.Serving;

/// <summary>A step of one replica of a simulated service that has ended.</summary>
/// <param name="Replica">The replica, from 0.</param>
/// <param name="Plan">What was computed, and when; valid during the call.</param>
/// <param name="DecodeSeconds">
/// What the step would have taken without the prompts in it, seconds: all of it where there were none, 0 where nobody decoded.
/// </param>
/// <param name="Running">Sequences that held blocks while it ran, those without a part in it included.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ServiceStep(int Replica, StepPlan Plan, double DecodeSeconds, int Running);
