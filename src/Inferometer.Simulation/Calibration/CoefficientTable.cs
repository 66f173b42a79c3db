using Inferometer.Core;

namespace Inferometer.Simulation.Calibration;

/// <summary>
/// Every <see cref="Calibration.Coefficient"/> with its prior. The priors are working assumptions; fits move them. Those of matrix products
/// are what products that were timed alone reach (docs/fidelity.md).
/// </summary>
public static class CoefficientTable
{
    /// <summary>All of them, in the order of <see cref="Calibration.Coefficient"/>.</summary>
    public static IReadOnlyList<CoefficientInfo> All { get; } =
    [
        new(Coefficient.Matrix16, "matrix_16", "share", 0.72, 0.25, 0.01, 1),
        new(Coefficient.Matrix8, "matrix_8", "share", 0.51, 0.3, 0.01, 1),
        new(Coefficient.Matrix4, "matrix_4", "share", 0.31, 0.3, 0.01, 1),
        new(Coefficient.MatrixRows, "matrix_rows", "rows", 1, 2, 1, 512),
        new(Coefficient.Unpacking, "unpacking", "ratio", 0.7, 0.3, 0.01, 1),
        new(Coefficient.UnpackingOperations, "unpacking_operations", "op/B", 5, 0.7, 0.01, 1000),
        new(Coefficient.VectorProduct, "vector_product", "ratio", 0.4, 0.4, 0.01, 4),
        new(Coefficient.MatrixUnpacking, "matrix_unpacking", "rows", 2, 0.7, 0.01, 512),
        new(Coefficient.ExpertMatrix, "expert_matrix", "ratio", 0.4, 0.4, 0.01, 1),
        new(Coefficient.ExpertMatrix16, "expert_matrix_16", "ratio", 1.2, 0.2, 0.1, 10),
        new(Coefficient.AttentionMatrix, "attention_matrix", "share", 0.45, 0.3, 0.01, 1),
        new(Coefficient.AttentionTile, "attention_tile", "rows", 1, 3, 1, 512),
        new(Coefficient.AttentionBeside, "attention_beside", "rows", 1, 3, 1, 512),
        new(Coefficient.MatrixMemory, "matrix_memory", "share", 0.85, 0.1, 0.05, 1),
        new(Coefficient.ExpertMemory, "expert_memory", "share", 0.75, 0.25, 0.02, 1),
        new(Coefficient.AttentionMemory, "attention_memory", "share", 0.75, 0.25, 0.02, 1),
        new(Coefficient.VectorMemory, "vector_memory", "share", 0.75, 0.25, 0.05, 1),
        new(Coefficient.VectorArithmetic, "vector_arithmetic", "share", 0.5, 0.5, 1e-4, 1),
        new(Coefficient.Launch, "launch_s", "s", 3e-6, 0.4, 1e-8, 1e-3),
        new(Coefficient.GraphLaunch, "graph_launch", "ratio", 0.5, 0.4, 0.02, 1),
        new(Coefficient.AttentionExtra, "attention_extra_s", "s", 4e-6, 0.8, 1e-8, 1e-3),
        new(Coefficient.AttentionSerial, "attention_serial_s", "s", 1e-10, 4, 1e-10, 1e-7),
        new(Coefficient.ExpertExtra, "expert_extra_s", "s", 10e-6, 0.6, 1e-8, 1e-2),
        new(Coefficient.RecurrenceExtra, "recurrence_extra_s", "s", 5e-6, 0.8, 1e-8, 1e-2),
        new(Coefficient.Link, "link", "share", 0.6, 0.4, 0.02, 1),
        new(Coefficient.LinkLatency, "link_latency_s", "s", 3e-6, 0.5, 1e-8, 1e-2),
        new(Coefficient.Step, "step_s", "s", 0.3e-3, 0.8, 1e-7, 1),
        new(Coefficient.Sequence, "sequence_s", "s", 10e-6, 0.6, 1e-9, 0.1),
        new(Coefficient.Doubling, "doubling_s", "s", 1e-9, 3, 1e-9, 1, Own: true),
        new(Coefficient.PromptLayer, "prompt_layer_s", "s", 0.15e-3, 0.5, 1e-8, 0.1),
        new(Coefficient.Stall, "stall", "ratio", 0.8, 0.3, 0.01, 1.5, Serving: true),
        new(Coefficient.FirstToken, "first_token_s", "s", 25e-3, 0.7, 1e-6, 10, Serving: true),
        new(Coefficient.FirstTokenSteps, "first_token_steps", "steps", 2, 0.7, 0.1, 100, Serving: true),
        new(Coefficient.FirstTokenPrompt, "first_token_prompt", "ratio", 0.9, 0.4, 0.1, 5, Serving: true),
        new(Coefficient.Queue, "queue", "ratio", 0.7, 0.4, 0.01, 3, Serving: true),
        new(Coefficient.FirstTokenUser, "first_token_user_s", "s", 0.2e-3, 1.0, 1e-9, 1, Serving: true),
        new(Coefficient.FirstTokenTurn, "first_token_turn", "requests", 1e-4, 1.5, 1e-5, 2, Serving: true, Own: true),
    ];

    /// <summary>One of them.</summary>
    public static CoefficientInfo Of(Coefficient coefficient) => All[(int)coefficient];

    /// <summary>The coefficient of a name in a calibration file.</summary>
    /// <exception cref="InferometerException">There is none of that name; the message offers a near one.</exception>
    public static Coefficient Find(string name, string origin)
    {
        ArgumentNullException.ThrowIfNull(name);
        return All.FirstOrDefault(info => string.Equals(info.Name, name, StringComparison.Ordinal))?.Coefficient
            ?? throw new InferometerException(
                $"{origin}: '{name}' is not a coefficient.{NameSuggestion.For(name, All.Select(info => info.Name))}");
    }
}
