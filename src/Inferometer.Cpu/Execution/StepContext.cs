using System.Numerics.Tensors;
using Inferometer.Core.Models;
using Inferometer.Cpu.Kernels.Elementwise;
using Inferometer.Cpu.Kernels.Matrices;
using Inferometer.Cpu.Threading;
using Inferometer.Cpu.Weights;

namespace Inferometer.Cpu.Execution;

/// <summary>
/// What the parts of a layer share while a step runs: its layout, the intermediate rows, the workers, and the operations on rows.
/// One per model; a step owns it from start to end.
/// </summary>
internal sealed class StepContext : IDisposable
{
    private readonly float _epsilon;
    private readonly RowWork _rowWork;
    private readonly LoraStage _lora;
    private readonly Action<int> _normRow;
    private readonly Action<int> _joinRow;
    private readonly Action<int> _activateRow;
    private readonly Action<int> _cutRow;
    private readonly float _residualScale;
    private float[] _source = [];
    private NormWeights? _norm;
    private float[] _target = [];
    private int _width;
    private float _deviations;
    private ActivationKind _activation;
    private bool _isGated;
    private (float Positive, float Negative) _slopes;

    public StepContext(ModelArchitecture architecture, WorkerPool pool)
    {
        HiddenSize = architecture.HiddenSize;
        _epsilon = (float)architecture.NormEpsilon;
        _residualScale = (float)architecture.ResidualScale;
        Workspace = new Workspace(architecture);
        Pool = pool;
        Multiplier = new MatrixMultiplier(pool);
        _rowWork = new RowWork(pool);
        _lora = new LoraStage(Multiplier);
        _normRow = NormRow;
        _joinRow = JoinRow;
        _activateRow = ActivateRow;
        _cutRow = CutRow;
    }

    public int HiddenSize { get; }

    public StepLayout Layout { get; } = new();

    public Workspace Workspace { get; }

    public ExpertRouting Routing { get; } = new();

    public WorkerPool Pool { get; }

    public MatrixMultiplier Multiplier { get; }

    /// <summary>Told of the inputs of every projection; null for none.</summary>
    public IInputObserver? Inputs { get; set; }

    public int TokenCount => Layout.TokenCount;

    /// <summary>output = input x matrix + bias, and the adapters' share for the rows of sequences that have one.</summary>
    public void Multiply(Projection projection, float[] input, float[] output, int rows)
    {
        Multiplier.Multiply(input, rows, projection.Matrix, output);
        Finish(projection, input, output, rows);
    }

    /// <summary>Two projections of the same input.</summary>
    public void Multiply(Projection first, float[] firstOutput, Projection second, float[] secondOutput, float[] input, int rows)
    {
        Multiplier.Multiply(input, rows, first.Matrix, firstOutput, second.Matrix, secondOutput);
        Finish(first, input, firstOutput, rows);
        Finish(second, input, secondOutput, rows);
    }

    /// <summary>Query, key and value projections of <see cref="Workspace.Normed"/>.</summary>
    public void MultiplyAttentionInputs(AttentionWeights weights)
    {
        Workspace work = Workspace;
        if (weights.Key is not { } key)
        {
            Multiply(weights.Query, work.Normed, work.Query, TokenCount);
            return;
        }

        if (weights.Value is not { } value)
        {
            Multiply(weights.Query, work.Query, key, work.Key, work.Normed, TokenCount);
            work.Key.AsSpan(0, TokenCount * key.Matrix.Rows).CopyTo(work.Value);
            return;
        }

        Multiplier.Multiply(
            work.Normed, TokenCount, weights.Query.Matrix, work.Query, key.Matrix, work.Key, value.Matrix, work.Value);
        Finish(weights.Query, work.Normed, work.Query, TokenCount);
        Finish(key, work.Normed, work.Key, TokenCount);
        Finish(value, work.Normed, work.Value, TokenCount);
    }

    /// <summary>
    /// Normalises every row of hidden width of <paramref name="source"/> into <paramref name="target"/>, which may be the same.
    /// </summary>
    /// <remarks>Without a norm rows are copied.</remarks>
    public void Norm(float[] source, NormWeights? norm, float[] target)
    {
        (_source, _norm, _target) = (source, norm, target);
        ForEachRow(_normRow, TokenCount);
    }

    /// <summary>
    /// Adds <see cref="Workspace.BlockOutput"/> to the residual stream, normalised first where the layer has a norm after its block.
    /// </summary>
    public void JoinResidual(NormWeights? postNorm)
    {
        _norm = postNorm;
        ForEachRow(_joinRow, TokenCount);
    }

    /// <summary>gate = activation(gate) * up for <paramref name="rows"/> rows of <paramref name="width"/>.</summary>
    public void Activate(ActivationKind activation, float[] gate, float[] up, int rows, int width)
    {
        (_activation, _isGated, _target, _source, _width) = (activation, true, gate, up, width);
        ForEachRow(_activateRow, rows);
    }

    /// <summary>
    /// Takes the mean and <paramref name="deviations"/> standard deviations off the gates of each row, and cuts what is then below zero.
    /// </summary>
    public void Cut(float deviations, float[] gates, int rows, int width)
    {
        (_deviations, _target, _width) = (deviations, gates, width);
        ForEachRow(_cutRow, rows);
    }

    /// <summary>values = activation(values) for <paramref name="rows"/> rows of <paramref name="width"/>.</summary>
    public void Activate(ActivationKind activation, (float Positive, float Negative) slopes, float[] values, int rows, int width)
    {
        (_activation, _slopes, _isGated, _target, _width) = (activation, slopes, false, values, width);
        ForEachRow(_activateRow, rows);
    }

    /// <summary>Runs <paramref name="body"/> once per row on the workers.</summary>
    public void ForEachRow(Action<int> body, int rows) => _rowWork.Run(body, rows);

    public void Dispose() => Multiplier.Dispose();

    private void Finish(Projection projection, float[] input, float[] output, int rows)
    {
        if (projection.Bias is float[] bias)
        {
            VectorAdd.AddBias(bias, output.AsSpan(0, rows * bias.Length));
        }

        Observe(projection, input, rows);
        if (projection.Site >= 0)
        {
            _lora.Add(Layout, projection, input, output);
        }
    }

    /// <summary>Tells of the input of a projection, where somebody wants to know.</summary>
    public void Observe(Projection projection, float[] input, int rows)
    {
        if (Inputs is not null && projection.Name is { } name)
        {
            int columns = projection.Matrix.Columns;
            Inputs.Observe(name, projection.Expert, projection.Experts, input.AsSpan(0, rows * columns), columns);
        }
    }

    private void NormRow(int row)
    {
        ReadOnlySpan<float> source = _source.AsSpan(row * HiddenSize, HiddenSize);
        Span<float> target = _target.AsSpan(row * HiddenSize, HiddenSize);
        if (_norm is null)
        {
            source.CopyTo(target);
        }
        else
        {
            _norm.Apply(source, _epsilon, target);
        }
    }

    private void JoinRow(int row)
    {
        Span<float> change = Workspace.BlockOutput.AsSpan(row * HiddenSize, HiddenSize);
        Span<float> residual = Workspace.Residual.AsSpan(row * HiddenSize, HiddenSize);
        _norm?.Apply(change, _epsilon, change);
        TensorPrimitives.MultiplyAdd(change, _residualScale, residual, residual);
    }

    private void CutRow(int row)
    {
        Span<float> gates = _target.AsSpan(row * _width, _width);
        float mean = TensorPrimitives.Sum<float>(gates) / _width;
        float squares = 0;
        foreach (float gate in gates)
        {
            squares += (gate - mean) * (gate - mean);
        }

        TensorPrimitives.Subtract(gates, mean + (_deviations * MathF.Sqrt(squares / _width)), gates);
        TensorPrimitives.Max(gates, 0, gates);
    }

    private void ActivateRow(int row)
    {
        Span<float> values = _target.AsSpan(row * _width, _width);
        if (_isGated)
        {
            GatedActivation.Apply(_activation, values, _source.AsSpan(row * _width, _width), values);
        }
        else if (_activation == ActivationKind.XIelu)
        {
            PlainActivation.XIelu(values, _slopes.Positive, _slopes.Negative);
        }
        else
        {
            PlainActivation.Apply(_activation, values);
        }
    }
}
