using System.Buffers;
using System.Numerics.Tensors;
using Inferometer.Core.Models;
using Inferometer.Cpu.Kernels.Elementwise;
using Inferometer.Cpu.Weights;

namespace Inferometer.Cpu.Execution;

/// <summary>
/// The inputs of their own that layers get beside the residual stream (Gemma 3n, Gemma 4): made once for a step, from a table and from the
/// embedding, and taken in behind each layer.
/// </summary>
internal sealed class LayerInputStage
{
    private readonly StepContext _step;
    private readonly InputWeights _weights;
    private readonly int _width;
    private readonly int _all;
    private readonly int _rows;
    private readonly float _epsilon;
    private readonly Action<int> _prepareRow;
    private readonly Action<int> _gateRow;
    private float[] _inputs = [];
    private float[] _gates = [];
    private int _layer;

    public LayerInputStage(StepContext step, ModelArchitecture architecture, InputWeights weights)
    {
        (_step, _weights, _width, _rows) = (step, weights, architecture.LayerInputs!.Width, architecture.LayerInputs.Rows);
        _all = _width * architecture.LayerCount;
        _epsilon = (float)architecture.NormEpsilon;
        _prepareRow = PrepareRow;
        _gateRow = GateRow;
    }

    /// <summary>Numbers per token that the stage keeps while a step runs.</summary>
    public static long WidthOf(ModelArchitecture architecture) =>
        architecture.LayerInputs is { } inputs ? (long)inputs.Width * (architecture.LayerCount + 1) : 0;

    /// <summary>Makes the inputs of a step, whose embedding is in the residual stream.</summary>
    public void BeginStep()
    {
        int tokens = _step.TokenCount;
        if (_inputs.Length < tokens * _all)
        {
            _inputs = new float[tokens * _all];
            _gates = new float[tokens * _width];
        }

        _step.Multiply(_weights.Projection, _step.Workspace.Residual, _inputs, tokens);
        _step.ForEachRow(_prepareRow, tokens);
    }

    /// <summary>Writes what a layer's own input gives, not normed yet, to <see cref="Workspace.BlockOutput"/>.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="weights">What takes its input in.</param>
    /// <param name="source">What opens the gates, [tokens, hidden].</param>
    public void Run(int layer, LayerInputWeights weights, float[] source)
    {
        _layer = layer;
        _step.Multiply(weights.Gate, source, _gates, _step.TokenCount);
        _step.ForEachRow(_gateRow, _step.TokenCount);
        _step.Multiply(weights.Output, _gates, _step.Workspace.BlockOutput, _step.TokenCount);
    }

    private void PrepareRow(int row)
    {
        Span<float> inputs = _inputs.AsSpan(row * _all, _all);
        TensorPrimitives.Multiply(inputs, 1 / MathF.Sqrt(_step.HiddenSize), inputs);
        RmsNorm.ApplyRows(inputs, _weights.Norm, _epsilon, inputs);

        // Row by row on several threads: the room for the decoded row must be each one's own.
        float[] rented = ArrayPool<float>.Shared.Rent(_all);
        Span<float> looked = rented.AsSpan(0, _all);
        int token = _step.Layout.Tokens[row];
        _weights.Table.DecodeRow(token < _rows ? token : 0, looked);
        TensorPrimitives.MultiplyAdd(looked, MathF.Sqrt(_width), inputs, inputs);
        TensorPrimitives.Multiply(inputs, 1 / MathF.Sqrt(2), inputs);
        ArrayPool<float>.Shared.Return(rented);
    }

    private void GateRow(int row)
    {
        Span<float> gates = _gates.AsSpan(row * _width, _width);
        GatedActivation.GeluTanh(gates, _inputs.AsSpan((row * _all) + (_layer * _width), _width), gates);
    }
}
