using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <summary>Turns a request into time. Implementations are stateless and safe to share between threads.</summary>
public interface ICostModel
{
    /// <summary>Name users choose it by, such as <c>roofline</c>.</summary>
    string Name { get; }

    /// <summary>Both phases, memory and metrics.</summary>
    /// <exception cref="Core.InferometerException">The request is impossible.</exception>
    EstimateReport Estimate(EstimateRequest request);

    /// <summary>The step that reads the prompts and yields the first tokens.</summary>
    /// <exception cref="Core.InferometerException">The request is impossible.</exception>
    PhaseEstimate Prefill(EstimateRequest request);

    /// <summary>The average decode step over the positions of the generated tokens 2 to N; where one output token is asked for, the step that yields the second.</summary>
    /// <exception cref="Core.InferometerException">The request is impossible.</exception>
    PhaseEstimate Decode(EstimateRequest request);

    /// <summary>One step over any mixture of prompt chunks and decoding sequences; the request's workload is ignored.</summary>
    /// <exception cref="Core.InferometerException">The request is impossible or the batch is empty.</exception>
    PhaseEstimate MixedStep(EstimateRequest request, StepBatch batch);
}
