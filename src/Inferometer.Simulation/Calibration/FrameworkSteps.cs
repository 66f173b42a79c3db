using Inferometer.Core;

namespace Inferometer.Simulation.Calibration;

/// <summary>What is known of a framework beside its coefficients: how its scheduler puts prompts into steps.</summary>
/// <param name="Name">Name in settings and calibration files, such as <c>vllm</c>.</param>
/// <param name="MixesSteps">Prompts are read in the steps of the requests that decode; otherwise these wait.</param>
/// <param name="StepTokens">Prompt tokens a step may hold, as it comes.</param>
public sealed record FrameworkSteps(string Name, bool MixesSteps, int StepTokens)
{
    /// <summary>The frameworks that can be named.</summary>
    public static IReadOnlyList<FrameworkSteps> All { get; } =
    [
        new("vllm", MixesSteps: true, 8192), // V1: --max-num-batched-tokens for serving on data-centre GPUs
        new("sglang", MixesSteps: false, 8192), // --chunked-prefill-size; mixed chunks are off as it comes
        new("trtllm", MixesSteps: true, 8192), // in-flight batching, max_num_tokens
        new("llama.cpp", MixesSteps: true, 2048), // --batch-size
    ];

    /// <summary>One of them.</summary>
    /// <param name="name">Its name; case does not count.</param>
    /// <param name="origin">Where the name came from, for the error.</param>
    /// <exception cref="InferometerException">There is none of that name.</exception>
    public static FrameworkSteps Find(string name, string origin) =>
        All.FirstOrDefault(f => string.Equals(f.Name, name, StringComparison.OrdinalIgnoreCase)) ?? throw new InferometerException(
            $"{origin}: '{name}' is not a known framework.{NameSuggestion.For(name, All.Select(f => f.Name))} "
                + $"Allowed: {string.Join(", ", All.Select(f => f.Name))}.");
}
