using System.Numerics.Tensors;
using Inferometer.Core.Models;
using Inferometer.Cpu.Weights;

namespace Inferometer.Cpu.Execution;

/// <summary>The feed-forward part of a layer: one network for all tokens, or a mixture of experts.</summary>
internal static class FeedForwardBlock
{
    /// <summary>Writes the part's output for each row of <see cref="Workspace.Normed"/> to <see cref="Workspace.BlockOutput"/>.</summary>
    public static void Run(StepContext step, LayerArchitecture layer, LayerWeights weights)
    {
        switch (layer.FeedForward)
        {
            case DenseFeedForward dense:
                RunNetwork(
                    step, weights.Dense!, dense.Activation, step.Workspace.Normed, step.Workspace.BlockOutput, step.TokenCount,
                    dense.GateCutoff);
                break;
            case MoeFeedForward moe:
                RunExperts(step, moe, weights);
                break;
        }
    }

    private static void RunNetwork(
        StepContext step, FeedForwardWeights weights, ActivationKind activation, float[] input, float[] output, int rows,
        double? cutoff = null)
    {
        Workspace work = step.Workspace;
        if (weights.Gate is null)
        {
            step.Multiply(weights.Up, input, work.Gate, rows);
            step.Activate(activation, weights.Slopes, work.Gate, rows, weights.Up.Matrix.Rows);
        }
        else
        {
            step.Multiply(weights.Gate, work.Gate, weights.Up, work.Up, input, rows);
            if (cutoff is { } deviations)
            {
                step.Cut((float)deviations, work.Gate, rows, weights.Up.Matrix.Rows);
            }

            step.Activate(activation, work.Gate, work.Up, rows, weights.Up.Matrix.Rows);
        }

        step.Multiply(weights.Down, work.Gate, output, rows);
    }

    private static void RunExperts(StepContext step, MoeFeedForward moe, LayerWeights layer)
    {
        Workspace work = step.Workspace;
        ExpertWeights weights = layer.Experts!;
        int hidden = step.HiddenSize, tokens = step.TokenCount;
        if (weights.Beside is { } dense)
        {
            RunNetwork(step, layer.Dense!, moe.Activation, work.Normed, work.FeedForwardInput, tokens);
            step.Norm(work.FeedForwardInput, dense.BehindDense, work.FeedForwardInput);
            step.Norm(work.Residual, dense.Router, work.Normed);
        }

        step.Multiply(weights.Router, work.Normed, work.Router, tokens);
        step.Routing.Route(moe, work.Router, tokens, weights.Correction, weights.Scales);
        if (weights.Beside is { } norms)
        {
            step.Norm(work.Residual, norms.Experts, work.Normed);
        }

        if (weights.Shared is not null)
        {
            RunNetwork(step, weights.Shared, moe.Activation, work.Normed, work.BlockOutput, tokens);
            GateShared(step, weights.SharedGate);
        }
        else
        {
            work.BlockOutput.AsSpan(0, tokens * hidden).Clear();
        }

        // Experts in the order of their number, so that a token's sum does not depend on which other tokens are in the step.
        for (int expert = 0; expert < moe.Experts; expert++)
        {
            ReadOnlySpan<int> rows = step.Routing.TokensOf(expert);
            if (rows.IsEmpty)
            {
                continue;
            }

            for (int i = 0; i < rows.Length; i++)
            {
                work.Normed.AsSpan(rows[i] * hidden, hidden).CopyTo(work.ExpertInput.AsSpan(i * hidden));
            }

            if (moe.ScaleExpertInput)
            {
                ScaleInputs(work, step.Routing.WeightsOf(expert), hidden);
            }

            RunNetwork(step, weights.Experts[expert], moe.Activation, work.ExpertInput, work.ExpertOutput, rows.Length);
            AddWeighted(work, rows, moe.ScaleExpertInput ? [] : step.Routing.WeightsOf(expert), hidden);
        }

        if (weights.Beside is { } beside)
        {
            step.Norm(work.BlockOutput, beside.BehindExperts, work.BlockOutput);
            Span<float> sum = work.BlockOutput.AsSpan(0, tokens * hidden);
            TensorPrimitives.Add(sum, work.FeedForwardInput.AsSpan(0, tokens * hidden), sum);
        }
    }

    private static void ScaleInputs(Workspace work, ReadOnlySpan<float> weights, int hidden)
    {
        for (int i = 0; i < weights.Length; i++)
        {
            Span<float> input = work.ExpertInput.AsSpan(i * hidden, hidden);
            TensorPrimitives.Multiply(input, weights[i], input);
        }
    }

    private static void GateShared(StepContext step, Projection? gate)
    {
        if (gate is null)
        {
            return;
        }

        Workspace work = step.Workspace;
        step.Multiply(gate, work.Normed, work.Up, step.TokenCount);
        for (int token = 0; token < step.TokenCount; token++)
        {
            float open = 1 / (1 + MathF.Exp(-work.Up[token]));
            Span<float> row = work.BlockOutput.AsSpan(token * step.HiddenSize, step.HiddenSize);
            TensorPrimitives.Multiply(row, open, row);
        }
    }

    private static void AddWeighted(Workspace work, ReadOnlySpan<int> rows, ReadOnlySpan<float> weights, int hidden)
    {
        for (int i = 0; i < rows.Length; i++)
        {
            Span<float> sum = work.BlockOutput.AsSpan(rows[i] * hidden, hidden);
            TensorPrimitives.MultiplyAdd(work.ExpertOutput.AsSpan(i * hidden, hidden), weights.IsEmpty ? 1 : weights[i], sum, sum);
        }
    }
}
