using System.Numerics.Tensors;
using Inferometer.Core.Models;
using Inferometer.Cpu.Kernels.Elementwise;
using Inferometer.Cpu.States;
using Inferometer.Cpu.Weights;
using Inferometer.Runners;

namespace Inferometer.Cpu.Execution;

/// <summary>
/// The mixer of a layer that keeps a state per sequence: gated delta rule, Mamba-2 or short convolution. Projections and convolutions run
/// over all tokens of a step together, recurrences per sequence and head.
/// </summary>
internal sealed class RecurrentBlock
{
    private readonly StepContext _step;
    private readonly RecurrentWidths _widths;
    private readonly float _epsilon;
    private readonly Action<int> _convolveRow;
    private readonly Action<int> _deltaHead;
    private readonly Action<int> _mambaHead;
    private readonly Action<int> _normMambaRow;
    private readonly Action<int> _gateInputRow;
    private readonly Action<int> _gateOutputRow;
    private StateCache _states = null!;
    private RecurrentWeights _weights = null!;
    private TokenMixer _mixer = null!;
    private int _layer;
    private float[] _projected = [];
    private float[] _inputs = [];
    private float[] _convolved = [];
    private float[] _gates = [];
    private float[] _betas = [];
    private float[] _decays = [];
    private float[] _mixed = [];
    private int _capacity;

    public RecurrentBlock(StepContext step, ModelArchitecture architecture)
    {
        _step = step;
        _widths = RecurrentWidths.Of(architecture);
        _epsilon = (float)architecture.NormEpsilon;
        _convolveRow = ConvolveRow;
        _deltaHead = DeltaHead;
        _mambaHead = MambaHead;
        _normMambaRow = NormMambaRow;
        _gateInputRow = GateInputRow;
        _gateOutputRow = GateOutputRow;
    }

    /// <summary>Takes the states of a step, and makes room for its rows.</summary>
    public void BeginStep(StateCache states)
    {
        _states = states;
        int tokens = _step.TokenCount;
        if (tokens <= _capacity)
        {
            return;
        }

        _projected = new float[tokens * _widths.Projected];
        _inputs = new float[tokens * _widths.Channels];
        _convolved = new float[tokens * _widths.Channels];
        _gates = new float[tokens * _widths.Gates];
        _betas = new float[tokens * _widths.Heads];
        _decays = new float[tokens * _widths.Heads];
        _mixed = new float[tokens * _widths.Mixed];
        _capacity = tokens;
    }

    /// <summary>Writes the part's output for each row of <see cref="Workspace.Normed"/> to <see cref="Workspace.BlockOutput"/>.</summary>
    public void Run(int layer, TokenMixer mixer, RecurrentWeights weights)
    {
        (_layer, _mixer, _weights) = (layer, mixer, weights);
        switch (mixer)
        {
            case GatedDeltaMixer delta:
                RunDelta(delta);
                break;
            case MambaMixer mamba:
                RunMamba(mamba);
                break;
            default:
                RunConvolution();
                break;
        }

        _step.Multiply(weights.Output, _mixed, _step.Workspace.BlockOutput, _step.TokenCount);
    }

    private int Channels => _mixer switch
    {
        GatedDeltaMixer m => (2 * m.KeyHeads * m.KeyHeadDim) + (m.ValueHeads * m.ValueHeadDim),
        MambaMixer m => (m.Heads * m.HeadDim) + (2 * m.Groups * m.StateSize),
        _ => _step.HiddenSize,
    };

    private int TapCount => _weights.Taps.Length / Channels;

    private void Convolve()
    {
        _step.ForEachRow(_convolveRow, _step.TokenCount);
        CausalConvolution.Advance(_step.Layout, _states, _layer, _inputs, Channels, TapCount);
    }

    private void ConvolveRow(int row)
    {
        Span<float> output = _convolved.AsSpan(row * Channels, Channels);
        CausalConvolution.ApplyRow(_step.Layout, _states, _layer, _weights, _inputs, row, output);
        if (_mixer is not RecurrentMixer)
        {
            PlainActivation.Apply(ActivationKind.Silu, output);
        }
    }

    private void RunDelta(GatedDeltaMixer mixer)
    {
        float[] input = _step.Workspace.Normed;
        int tokens = _step.TokenCount;
        _step.Multiply(_weights.Input, _inputs, _weights.Gate!, _gates, input, tokens);
        _step.Multiply(_weights.Beta!, _betas, _weights.Decay!, _decays, input, tokens);
        Convolve();
        _step.ForEachRow(_deltaHead, _step.Layout.Batch.Count * mixer.ValueHeads);
    }

    /// <summary>
    /// One value head of one sequence (arXiv:2412.06464): the state decays, is read at the key, corrected towards the value, and read at
    /// the query; then a norm, and the gate.
    /// </summary>
    private void DeltaHead(int index)
    {
        var mixer = (GatedDeltaMixer)_mixer;
        (int sequence, int head) = Math.DivRem(index, mixer.ValueHeads);
        SequenceSlice slice = _step.Layout.Batch[sequence];
        int keyDim = mixer.KeyHeadDim, valueDim = mixer.ValueHeadDim, keys = mixer.KeyHeads * keyDim;
        int keyHead = mixer.ValueHeadsInTurn ? head % mixer.KeyHeads : head / (mixer.ValueHeads / mixer.KeyHeads), channels = Channels;
        Span<float> state = Recurrence(_states.StateOf(sequence, _layer), head, keyDim * valueDim);
        Span<float> border = Recurrence(_states.BorderStateOf(sequence, _layer), head, keyDim * valueDim);
        int borderRow = border.IsEmpty ? -1 : _states.BorderOf(slice) - slice.PastTokens - 1;
        Span<float> change = stackalloc float[valueDim];
        Span<float> query = stackalloc float[keyDim];
        Span<float> key = stackalloc float[keyDim];
        float rate = _weights.Rates![head];
        for (int t = 0; t < slice.Tokens.Length; t++)
        {
            int row = _step.Layout.FirstTokens[sequence] + t;
            ReadOnlySpan<float> convolved = _convolved.AsSpan(row * channels, channels);
            Unit(convolved.Slice(keyHead * keyDim, keyDim), 1 / MathF.Sqrt(keyDim), query);
            Unit(convolved.Slice(keys + (keyHead * keyDim), keyDim), 1, key);
            float decay = MathF.Exp(-rate * Softplus(_decays[(row * mixer.ValueHeads) + head] + _weights.StepBias![head]));
            float beta = 1 / (1 + MathF.Exp(-_betas[(row * mixer.ValueHeads) + head]));
            change.Clear();
            for (int d = 0; d < keyDim; d++)
            {
                Span<float> line = state.Slice(d * valueDim, valueDim);
                TensorPrimitives.Multiply(line, decay, line);
                TensorPrimitives.MultiplyAdd(line, key[d], change, change);
            }

            TensorPrimitives.Subtract(convolved.Slice((2 * keys) + (head * valueDim), valueDim), change, change);
            TensorPrimitives.Multiply(change, beta, change);
            Span<float> output = _mixed.AsSpan(((row * mixer.ValueHeads) + head) * valueDim, valueDim);
            output.Clear();
            for (int d = 0; d < keyDim; d++)
            {
                Span<float> line = state.Slice(d * valueDim, valueDim);
                TensorPrimitives.MultiplyAdd(change, key[d], line, line);
                TensorPrimitives.MultiplyAdd(line, query[d], output, output);
            }

            RmsNorm.Apply(output, _weights.Norm!, _epsilon, output);
            ReadOnlySpan<float> gate = _gates.AsSpan(((row * mixer.ValueHeads) + head) * valueDim, valueDim);
            GatedActivation.Silu(gate, output, output);
            if (t == borderRow)
            {
                state.CopyTo(border);
            }
        }
    }

    private void RunMamba(MambaMixer mixer)
    {
        _step.Multiply(_weights.Input, _step.Workspace.Normed, _projected, _step.TokenCount);
        int inner = mixer.Heads * mixer.HeadDim, channels = Channels, width = inner + channels + mixer.Heads;
        for (int row = 0; row < _step.TokenCount; row++)
        {
            _projected.AsSpan((row * width) + inner, channels).CopyTo(_inputs.AsSpan(row * channels));
        }

        Convolve();
        _step.ForEachRow(_mambaHead, _step.Layout.Batch.Count * mixer.Heads);
        _step.ForEachRow(_normMambaRow, _step.TokenCount);
    }

    /// <summary>
    /// One head of one sequence (arXiv:2405.21060): the state decays by the step, takes the input in by B, is read by C, and the input
    /// passes by.
    /// </summary>
    private void MambaHead(int index)
    {
        var mixer = (MambaMixer)_mixer;
        (int sequence, int head) = Math.DivRem(index, mixer.Heads);
        SequenceSlice slice = _step.Layout.Batch[sequence];
        int size = mixer.StateSize, headDim = mixer.HeadDim, inner = mixer.Heads * headDim, channels = Channels;
        int width = inner + channels + mixer.Heads, group = head / (mixer.Heads / mixer.Groups);
        Span<float> state = Recurrence(_states.StateOf(sequence, _layer), head, headDim * size);
        Span<float> border = Recurrence(_states.BorderStateOf(sequence, _layer), head, headDim * size);
        int borderRow = border.IsEmpty ? -1 : _states.BorderOf(slice) - slice.PastTokens - 1;
        float rate = _weights.Rates![head];
        for (int t = 0; t < slice.Tokens.Length; t++)
        {
            int row = _step.Layout.FirstTokens[sequence] + t;
            ReadOnlySpan<float> convolved = _convolved.AsSpan(row * channels, channels);
            ReadOnlySpan<float> x = convolved.Slice(head * headDim, headDim);
            ReadOnlySpan<float> b = convolved.Slice(inner + (group * size), size);
            ReadOnlySpan<float> c = convolved.Slice(inner + ((mixer.Groups + group) * size), size);
            float step = Softplus(_projected[(row * width) + inner + channels + head] + _weights.StepBias![head]);
            float decay = MathF.Exp(-rate * step);
            Span<float> output = _mixed.AsSpan((row * inner) + (head * headDim), headDim);
            for (int p = 0; p < headDim; p++)
            {
                Span<float> line = state.Slice(p * size, size);
                TensorPrimitives.Multiply(line, decay, line);
                TensorPrimitives.MultiplyAdd(b, step * x[p], line, line);
                output[p] = TensorPrimitives.Dot(line, c) + (_weights.Skip![head] * x[p]);
            }

            if (t == borderRow)
            {
                state.CopyTo(border);
            }
        }
    }

    private void NormMambaRow(int row)
    {
        var mixer = (MambaMixer)_mixer;
        int inner = mixer.Heads * mixer.HeadDim, width = inner + Channels + mixer.Heads;
        Span<float> output = _mixed.AsSpan(row * inner, inner);
        GatedActivation.Silu(_projected.AsSpan(row * width, inner), output, output);
        if (_weights.Norm is { } norm)
        {
            RmsNorm.Apply(output, norm, _epsilon, output);
        }
    }

    /// <summary>LFM2 (arXiv:2511.23404): the input is gated, convolved, and gated again.</summary>
    private void RunConvolution()
    {
        _step.Multiply(_weights.Input, _step.Workspace.Normed, _projected, _step.TokenCount);
        _step.ForEachRow(_gateInputRow, _step.TokenCount);
        Convolve();
        _step.ForEachRow(_gateOutputRow, _step.TokenCount);
    }

    private void GateInputRow(int row)
    {
        int hidden = _step.HiddenSize;
        ReadOnlySpan<float> projected = _projected.AsSpan(row * 3 * hidden, 3 * hidden);
        TensorPrimitives.Multiply(projected[..hidden], projected[(2 * hidden)..], _inputs.AsSpan(row * hidden, hidden));
    }

    private void GateOutputRow(int row)
    {
        int hidden = _step.HiddenSize;
        TensorPrimitives.Multiply(
            _projected.AsSpan((row * 3 * hidden) + hidden, hidden), _convolved.AsSpan(row * hidden, hidden),
            _mixed.AsSpan(row * hidden, hidden));
    }

    // Behind the inputs of the convolution.
    private Span<float> Recurrence(Span<float> state, int head, int floats) =>
        state.IsEmpty ? [] : state.Slice(((TapCount - 1) * Channels) + (head * floats), floats);

    private static void Unit(ReadOnlySpan<float> x, float length, Span<float> y) =>
        TensorPrimitives.Multiply(x, length / MathF.Sqrt(TensorPrimitives.SumOfSquares(x) + 1e-6f), y);

    private static float Softplus(float x) => x > 20 ? x : MathF.Log(1 + MathF.Exp(x));
}
