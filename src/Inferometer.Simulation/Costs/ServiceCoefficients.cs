using System.Globalization;
using System.Runtime.InteropServices;
using Inferometer.Core;

namespace Inferometer.Simulation.Costs;

/// <summary>
/// What services that were measured show beside the times of their steps; <see cref="None"/> where nobody measured any. A simulated service
/// takes these into account unless it is told others.
/// </summary>
/// <param name="PromptShare">
/// Share of what the cost model has prompts add to a step of decoding sequences that they do add, above 0 to 4: part of their work hides
/// behind others'.
/// </param>
/// <param name="OwnPromptShare">
/// Share of the steps that read a prompt which its own first token waits for, beside others or alone, above 0 to 1 and no less than
/// <paramref name="PromptShare"/> (or 1): what those that decode do not feel of a prompt is computed all the same before its first token.
/// </param>
/// <param name="AdmissionSeconds">
/// Of every request, outside the engine's steps: transport, tokenisation, the way of the first token back, at least 0, seconds.
/// </param>
/// <param name="AdmissionSteps">Steps that a request waits for before it is taken up, those within the engine's loop among them.</param>
/// <param name="AdmissionSecondsPerSequence">The host's work for each request in flight on one rank, at least 0, seconds.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ServiceCoefficients(
    double PromptShare, double OwnPromptShare, double AdmissionSeconds, double AdmissionSteps, double AdmissionSecondsPerSequence)
{
    // Of the step that runs when a request comes a half is still to come on average, and a simulation has it already.
    private const double SimulatedSteps = 0.5;

    /// <summary>Prompts are felt whole, and nothing is added.</summary>
    public static ServiceCoefficients None { get; } = new(1, 1, 0, SimulatedSteps, 0);

    /// <summary>Whether requests take time outside the steps that are simulated.</summary>
    public bool Admits => AdmissionSeconds > 0 || AdmissionSteps > SimulatedSteps || AdmissionSecondsPerSequence > 0;

    /// <summary>The same as the engine itself sees it: from when a request is with it until its tokens leave it.</summary>
    /// <remarks>No property: a record prints all of its properties, and this one would print itself without end.</remarks>
    public ServiceCoefficients WithinEngine() => None with { PromptShare = PromptShare, OwnPromptShare = OwnPromptShare };

    /// <summary>What a request takes outside the steps that are simulated, seconds.</summary>
    /// <param name="stepSeconds">A mean step while it was served, seconds.</param>
    /// <param name="sequences">Sequences of such a step, on one rank.</param>
    public double Admission(double stepSeconds, double sequences) => Math.Max(
        0, AdmissionSeconds + ((AdmissionSteps - SimulatedSteps) * stepSeconds) + (AdmissionSecondsPerSequence * sequences));

    /// <summary>Checks every value.</summary>
    /// <exception cref="InferometerException">A value is out of range; the message names it.</exception>
    public void Validate()
    {
        Require(PromptShare is > 0 and <= 4, $"a share of {PromptShare} of prompts in steps; allowed is above 0, up to 4");
        Require(
            OwnPromptShare is > 0 and <= 1 && OwnPromptShare >= Math.Min(1, PromptShare),
            $"first tokens that wait for a share of {OwnPromptShare} of their prompts; allowed is {Math.Min(1, PromptShare)} to 1");
        Require(AdmissionSeconds is >= 0 and <= 3600, $"{AdmissionSeconds} s to admit a request; allowed is 0 to 3600");
        Require(AdmissionSteps is >= 0 and <= 1e4, $"{AdmissionSteps} steps to admit a request; allowed is 0 to 10000");
        Require(
            AdmissionSecondsPerSequence is >= 0 and <= 60, $"{AdmissionSecondsPerSequence} s of admission a sequence; allowed is 0 to 60");
    }

    private static void Require(bool sound, FormattableString what)
    {
        if (!sound)
        {
            throw new InferometerException($"serving simulation: {what.ToString(CultureInfo.InvariantCulture)}.");
        }
    }
}
