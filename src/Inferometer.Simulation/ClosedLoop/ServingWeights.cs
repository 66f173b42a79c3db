using System.Runtime.InteropServices;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Costs;

namespace Inferometer.Simulation.ClosedLoop;

/// <summary>How the parts of a closed loop's times count; fixed times in seconds.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ServingWeights(
    double Stall, double Fixed, double Steps, double Prompt, double Queue, double PerUser, double Turn)
{
    /// <summary>Everything that is computed counts whole and nothing is added: what a model without measurements can say.</summary>
    public static ServingWeights Plain => new(Stall: 1, Fixed: 0, Steps: 0.5, Prompt: 1, Queue: 1, PerUser: 0, Turn: 0);

    /// <summary>
    /// What the first token waits for beside its own prompt and the queue: transport, tokenisation, steps that run, and the host's work
    /// for the requests in flight.
    /// </summary>
    /// <param name="stepSeconds">A decode step of all requests in flight, seconds.</param>
    /// <param name="sequences">Requests in flight on one rank.</param>
    public double AdmissionSeconds(double stepSeconds, double sequences) => Fixed + (Steps * stepSeconds) + (PerUser * sequences);

    /// <summary>
    /// Seconds a request waits for others to end where the service runs fewer than are in flight. In a closed loop one ends every 1 / users
    /// of the time that a request takes, of which this wait is a part itself.
    /// </summary>
    /// <param name="requestSeconds">What a request takes without this wait.</param>
    /// <param name="users">Requests in flight.</param>
    public double TurnSeconds(double requestSeconds, int users) => users < 2 ? 0 : Turn * requestSeconds / (users - Math.Min(Turn, 1));

    public static ServingWeights Of(ICostPlan plan) => plan is CalibratedPlan calibrated ? Of(calibrated.Match.Coefficients) : Plain;

    public static ServingWeights Of(Coefficients c) => new(
        c[Coefficient.Stall], c[Coefficient.FirstToken], c[Coefficient.FirstTokenSteps], c[Coefficient.FirstTokenPrompt],
        c[Coefficient.Queue], c[Coefficient.FirstTokenUser], c[Coefficient.FirstTokenTurn]);
}
