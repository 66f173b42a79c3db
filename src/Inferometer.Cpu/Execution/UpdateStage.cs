using System.Numerics.Tensors;
using Inferometer.Core.Models;
using Inferometer.Cpu.Weights;

namespace Inferometer.Cpu.Execution;

/// <summary>
/// Several residual streams (arXiv:2301.13310, Gemma 3n): before a layer all are predicted from one another, the active one passes the
/// layer, and the others are corrected by the difference. <see cref="Workspace.Residual"/> is the active one while a layer runs.
/// </summary>
internal sealed class UpdateStage
{
    // Below this mean square a stream is not brought to another's magnitude.
    private const float SmallestSquare = 1e-5f;

    private readonly StepContext _step;
    private readonly AlternatingUpdates _updates;
    private readonly ModelWeights _weights;
    private readonly int _hidden;
    private readonly float _epsilon;
    private readonly float[][] _streams;
    private readonly Action<int> _predictRow;
    private readonly Action<int> _correctRow;
    private readonly Action<int> _joinRow;
    private readonly Action<int> _branchRow;
    private readonly Action<int> _matchRow;
    private float[] _low = [];
    private float[] _branch = [];
    private UpdateWeights _layer = null!;
    private float[] _matched = [];
    private int _capacity;

    public UpdateStage(StepContext step, ModelArchitecture architecture, ModelWeights weights)
    {
        (_step, _updates, _weights, _hidden) = (step, architecture.Updates!, weights, architecture.HiddenSize);
        _epsilon = (float)architecture.NormEpsilon;
        _streams = new float[_updates.Streams][];
        Array.Fill(_streams, []);
        _predictRow = PredictRow;
        _correctRow = CorrectRow;
        _joinRow = JoinRow;
        _branchRow = BranchRow;
        _matchRow = MatchRow;
    }

    /// <summary>Numbers per token that the stage keeps while a step runs.</summary>
    public static long WidthOf(ModelArchitecture architecture) => architecture.Updates is { } updates
        ? ((updates.Streams + 1L) * architecture.HiddenSize) + updates.BranchRank
        : 0;

    /// <summary>Makes the streams from the embedding.</summary>
    public void BeginStep()
    {
        int tokens = _step.TokenCount;
        if (tokens > _capacity)
        {
            for (int i = 0; i < _streams.Length; i++)
            {
                _streams[i] = new float[tokens * _hidden];
            }

            _low = new float[tokens * _updates.BranchRank];
            _branch = new float[tokens * _hidden];
            _capacity = tokens;
        }

        _step.Workspace.Residual.AsSpan(0, tokens * _hidden).CopyTo(_streams[0]);
        for (int i = 1; i < _streams.Length; i++)
        {
            _step.Multiply(_weights.Streams[i - 1], _streams[0], _streams[i], tokens);
            Match(_streams[i]);
        }
    }

    /// <summary>Predicts the streams of a layer; the active one becomes the residual stream.</summary>
    public void Predict(UpdateWeights weights)
    {
        _layer = weights;
        _step.ForEachRow(_predictRow, _step.TokenCount);
    }

    /// <summary>The branch beside attention, of its normed input.</summary>
    public void RunBranch()
    {
        _step.Multiply(_layer.BranchDown, _step.Workspace.Normed, _low, _step.TokenCount);
        _step.Multiply(_layer.BranchUp, _low, _branch, _step.TokenCount);
        _step.ForEachRow(_branchRow, _step.TokenCount);
    }

    /// <summary>Joins the branch to the residual stream behind attention.</summary>
    public void JoinBranch() => _step.ForEachRow(_joinRow, _step.TokenCount);

    /// <summary>Corrects the streams by what the layer gave, and takes its own input in.</summary>
    public void Correct(int layer, LayerWeights weights, LayerInputStage? inputs)
    {
        _step.ForEachRow(_correctRow, _step.TokenCount);
        if (inputs is null || weights.Input is null)
        {
            return;
        }

        Workspace work = _step.Workspace;
        inputs.Run(layer, weights.Input, work.Residual);
        _step.Norm(work.BlockOutput, weights.Input.Norm, work.BlockOutput);
        ReadOnlySpan<float> added = work.BlockOutput.AsSpan(0, _step.TokenCount * _hidden);
        for (int i = 1; i < _streams.Length; i++)
        {
            Span<float> stream = _streams[i].AsSpan(0, added.Length);
            TensorPrimitives.Add(stream, added, stream);
        }
    }

    /// <summary>Merges the streams behind the last layer into the residual stream.</summary>
    public void EndStep()
    {
        int length = _step.TokenCount * _hidden;
        Span<float> merged = _step.Workspace.Residual.AsSpan(0, length);
        _streams[0].AsSpan(0, length).CopyTo(merged);
        for (int i = 1; i < _streams.Length; i++)
        {
            _step.Multiply(_weights.Merging[i - 1], _streams[i], _branch, _step.TokenCount);
            Match(_branch);
            TensorPrimitives.Add(merged, _branch.AsSpan(0, length), merged);
        }

        TensorPrimitives.Divide(merged, _streams.Length, merged);
    }

    // Rows of a stream get the magnitude of the first one's.
    private void Match(float[] stream)
    {
        _matched = stream;
        _step.ForEachRow(_matchRow, _step.TokenCount);
    }

    private void MatchRow(int row)
    {
        Span<float> values = _matched.AsSpan(row * _hidden, _hidden);
        float wanted = MeanSquare(_streams[0].AsSpan(row * _hidden, _hidden));
        TensorPrimitives.Multiply(values, MathF.Sqrt(wanted / MathF.Max(MeanSquare(values), SmallestSquare)), values);
    }

    private float MeanSquare(ReadOnlySpan<float> values) => TensorPrimitives.SumOfSquares(values) / _hidden;

    private void PredictRow(int row)
    {
        int count = _streams.Length;
        Span<float> shares = stackalloc float[count];
        Route(_streams[_updates.Active].AsSpan(row * _hidden, _hidden), shares);
        Span<float> factors = stackalloc float[count * count];
        for (int i = 0; i < factors.Length; i++)
        {
            factors[i] = TensorPrimitives.Dot(shares, _layer.Prediction.AsSpan(i * count, count));
        }

        Span<float> before = stackalloc float[count];
        for (int channel = row * _hidden; channel < (row + 1) * _hidden; channel++)
        {
            for (int i = 0; i < count; i++)
            {
                before[i] = _streams[i][channel];
            }

            for (int i = 0; i < count; i++)
            {
                _streams[i][channel] = before[i] + TensorPrimitives.Dot(before, factors.Slice(i * count, count));
            }
        }

        _streams[_updates.Active].AsSpan(row * _hidden, _hidden).CopyTo(_step.Workspace.Residual.AsSpan(row * _hidden));
    }

    private void CorrectRow(int row)
    {
        int count = _streams.Length;
        Span<float> given = _step.Workspace.Residual.AsSpan(row * _hidden, _hidden);
        Span<float> shares = stackalloc float[count];
        Route(given, shares);
        TensorPrimitives.Subtract(given, _streams[_updates.Active].AsSpan(row * _hidden, _hidden), given);
        for (int i = 0; i < count; i++)
        {
            float factor = 1 + TensorPrimitives.Dot(shares, _layer.Correction.AsSpan(i * count, count));
            Span<float> stream = _streams[i].AsSpan(row * _hidden, _hidden);
            TensorPrimitives.MultiplyAdd(given, factor, stream, stream);
        }

        Span<float> active = _streams[_updates.Active].AsSpan(row * _hidden, _hidden);
        if (_layer.Scale is { } scale)
        {
            TensorPrimitives.Multiply(active, scale, given);
        }
        else
        {
            active.CopyTo(given);
        }
    }

    private void Route(ReadOnlySpan<float> values, Span<float> shares)
    {
        // The norm, the width that divides, and a row of the router are one product each.
        float factor = 1 / (_hidden * MathF.Sqrt(MeanSquare(values) + _epsilon));
        for (int i = 0; i < shares.Length; i++)
        {
            ReadOnlySpan<float> router = _layer.Router.AsSpan(i * _hidden, _hidden);
            float sum = 0;
            for (int channel = 0; channel < values.Length; channel++)
            {
                sum += values[channel] * _layer.Norm.Weight[channel] * router[channel];
            }

            shares[i] = MathF.Tanh(sum * factor);
        }
    }

    // The branch's input passes it by.
    private void BranchRow(int row)
    {
        Span<float> branch = _branch.AsSpan(row * _hidden, _hidden);
        _layer.BranchNorm.Apply(branch, _epsilon, branch);
        TensorPrimitives.Add(branch, _step.Workspace.Normed.AsSpan(row * _hidden, _hidden), branch);
    }

    private void JoinRow(int row)
    {
        Span<float> residual = _step.Workspace.Residual.AsSpan(row * _hidden, _hidden);
        TensorPrimitives.Add(residual, _branch.AsSpan(row * _hidden, _hidden), residual);
        TensorPrimitives.Multiply(residual, 1 / MathF.Sqrt(2), residual);
    }
}
