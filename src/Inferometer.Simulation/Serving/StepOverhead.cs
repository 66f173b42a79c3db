using System.Globalization;
using Inferometer.Core;

namespace Inferometer.Simulation.Serving;

/// <summary>What a framework spends on every step beside the network: scheduling, preparing inputs, sampling, sending tokens.</summary>
/// <param name="SecondsPerStep">For each step.</param>
/// <param name="SecondsPerSequence">For each sequence in it.</param>
public sealed record StepOverhead(double SecondsPerStep, double SecondsPerSequence)
{
    /// <summary>Nothing beside what the cost model counts.</summary>
    public static StepOverhead None { get; } = new(0, 0);

    /// <summary>Of a step with some sequences, seconds.</summary>
    public double Of(int sequences) => SecondsPerStep + (SecondsPerSequence * sequences);

    /// <summary>Checks both.</summary>
    /// <exception cref="InferometerException">One is negative or no finite number.</exception>
    public void Validate()
    {
        if (!(SecondsPerStep >= 0) || !(SecondsPerSequence >= 0) || !double.IsFinite(SecondsPerStep + SecondsPerSequence))
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture,
                $"step overhead: {SecondsPerStep} s a step and {SecondsPerSequence} s a sequence; allowed are finite numbers from 0."));
        }
    }
}
