using System.Runtime.InteropServices;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Costs;

namespace Inferometer.Simulation.ClosedLoop;

/// <summary>How the parts of a closed loop's times count; fixed times in seconds.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ServingWeights(double Stall, double Fixed, double Steps, double Prompt, double Queue, double PerUser)
{
    /// <summary>Everything that is computed counts whole and nothing is added: what a model without measurements can say.</summary>
    public static ServingWeights Plain => new(Stall: 1, Fixed: 0, Steps: 0.5, Prompt: 1, Queue: 1, PerUser: 0);

    /// <summary>
    /// What the first token waits for beside its own prompt and the queue: transport, tokenisation, steps that run, and the host's work
    /// for the requests in flight.
    /// </summary>
    /// <param name="stepSeconds">A decode step of all requests in flight, seconds.</param>
    /// <param name="sequences">Requests in flight on one rank.</param>
    public double AdmissionSeconds(double stepSeconds, double sequences) => Fixed + (Steps * stepSeconds) + (PerUser * sequences);

    public static ServingWeights Of(ICostPlan plan) => plan is CalibratedPlan calibrated ? Of(calibrated.Match.Coefficients) : Plain;

    public static ServingWeights Of(Coefficients c) => new(
        c[Coefficient.Stall], c[Coefficient.FirstToken], c[Coefficient.FirstTokenSteps], c[Coefficient.FirstTokenPrompt],
        c[Coefficient.Queue], c[Coefficient.FirstTokenUser]);
}
