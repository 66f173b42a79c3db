using ILGPU;
using Inferometer.Core.Models;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Weights;
using Inferometer.Gpu.Devices;
using Inferometer.Gpu.Kernels;
using Inferometer.Gpu.Weights;
using Inferometer.Runners;

namespace Inferometer.Gpu.Execution;

/// <summary>
/// The forward pass as launches of kernels, one after the other on one stream. What a block gives joins the residual stream in the launch
/// that norms it for the next block.
/// </summary>
internal sealed class GpuForward : IDisposable
{
    // Up to so many tokens a warp that has a row to itself reads weights as fast as memory gives them.
    private const int FewTokens = 8;

    private const int ElementThreads = 128;
    private const int LeastPartTokens = 64;
    private const int MostParts = 32;

    private readonly GpuDevice _device;
    private readonly GpuModel _model;
    private readonly GpuKvCache _cache;
    private readonly GpuWorkspace _work;
    private readonly StepTables _tables;
    private readonly StepLayout _layout = new();
    private readonly DeviceBuffer<float> _logits;
    private readonly DeviceBuffer<float> _hidden;
    private readonly DeviceBuffer<int> _best;
    private readonly DeviceBuffer<int> _candidates;
    private readonly DeviceBuffer<float> _temperatures;
    private readonly float _epsilon;
    private float[] _stagedTemperatures = [];
    private bool _hasAdapters;

    public GpuForward(GpuDevice device, GpuModel model, GpuKvCache cache)
    {
        (_device, _model, _cache) = (device, model, cache);
        _work = new GpuWorkspace(device, model.Architecture);
        _tables = new StepTables(device);
        (_logits, _hidden, _best) = (new(device.Accelerator), new(device.Accelerator), new(device.Accelerator));
        (_candidates, _temperatures) = (new(device.Accelerator), new(device.Accelerator));
        _epsilon = (float)model.Architecture.NormEpsilon;
    }

    /// <summary>Logits of the last step, [rows][vocabulary].</summary>
    public ArrayView<float> Logits => _logits.View;

    /// <summary>Hidden states of the last step, [tokens][hidden], where they were asked for.</summary>
    public ArrayView<float> Hidden => _hidden.View;

    /// <summary>The most probable token of each row of the last step.</summary>
    public ArrayView<int> Best => _best.View;

    /// <summary>Candidates of each row of the last step that wanted some, see <see cref="CandidateKernels.RowNumbers"/>.</summary>
    public ArrayView<int> Candidates => _candidates.View;

    /// <summary>Device memory of intermediate rows.</summary>
    public long WorkspaceBytes => _work.Bytes + _tables.Bytes;

    /// <summary>Device memory of what a step gives.</summary>
    public long OutputBytes => _logits.Bytes + _hidden.Bytes + _best.Bytes + _candidates.Bytes + _temperatures.Bytes;

    private int Tokens => _layout.TokenCount;

    // Of few tokens, a launch takes longer than what the last group to arrive does by itself. Adapters come in between.
    private bool Fuses => Tokens <= FewTokens && !_hasAdapters;

    private int HiddenSize => _model.Architecture.HiddenSize;

    /// <summary>Launches a step; results are there once the stream has got to them.</summary>
    public void Run(ForwardBatch batch)
    {
        ModelArchitecture architecture = _model.Architecture;
        _layout.Set(batch, architecture.VocabularySize, _model.ContextTokens, _cache.BlockCount);
        _tables.Set(_layout, _model.Rotary, _model.Pairs);
        _hasAdapters = false;
        for (int i = 0; i < batch.Count; i++)
        {
            _hasAdapters |= batch[i].Adapter is not null;
        }

        _work.Reserve(Tokens);
        DeviceMatrix table = _model.Embedding.Matrix;
        table.Kernels.Embed(
            new KernelConfig(Tokens, _device.RowThreads), table.Weights, _tables.Tokens, _work.Residual.View,
            (float)architecture.EmbeddingScale);
        Norm(NormOf(null, _model.Layers[0].AttentionNorm, _model.Layers[0].RoundsInput));
        for (int layer = 0; layer < _model.Layers.Count; layer++)
        {
            DeviceLayer weights = _model.Layers[layer];
            Attention(layer, weights);
            DeviceLayer? next = layer + 1 < _model.Layers.Count ? _model.Layers[layer + 1] : null;
            FeedForward(
                layer, weights, next is null ? null : NormOf(weights.PostFeedForwardNorm, next.AttentionNorm, next.RoundsInput));
        }

        Finish(batch, _model.Layers[^1].PostFeedForwardNorm);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _work.Dispose();
        _tables.Dispose();
        _logits.Dispose();
        _hidden.Dispose();
        _best.Dispose();
        _candidates.Dispose();
        _temperatures.Dispose();
    }

    // What a block gives joins the residual stream, normed itself where there is a norm for it, and is normed for the next block. Without
    // a norm of its own nothing joins: before the first layer.
    private NormArguments NormOf(DeviceVector? postNorm, DeviceVector norm, bool rounds) => new()
    {
        Residual = _work.Residual.View,
        Change = _work.BlockOutput.View,
        PostWeight = (postNorm ?? norm).View,
        Weight = norm.View,
        Output = _work.Normed.View,
        Quants = _work.Quants.View,
        Scales = _work.Scales.View,
        Map = _tables.Tokens,
        Width = HiddenSize,
        Epsilon = _epsilon,
        ResidualScale = (float)_model.Architecture.ResidualScale,
        HasChange = postNorm is null ? 0 : 1,
        HasPostNorm = postNorm?.IsThere ?? 0,
        HasNorm = norm.IsThere,
        Rounds = rounds ? 1 : 0,
    };

    private void Norm(NormArguments norm) => _device.Kernels.JoinAndNorm(new KernelConfig(Tokens, _device.RowThreads), norm);

    private void Attention(int layer, DeviceLayer weights)
    {
        AttentionMixer mixer = weights.Mixer;
        AttentionArguments attention = ArgumentsOf(layer, weights);
        RotaryArguments rotary = RotaryOf(layer, weights);
        if (Fuses && mixer.HeadDim % _device.Warps == 0)
        {
            StoreInputs(weights, attention, rotary);
        }
        else
        {
            int width = (mixer.Heads + (2 * mixer.KvHeads)) * mixer.HeadDim, offset = 0;
            foreach (DeviceProjection input in weights.Inputs)
            {
                Multiply(input, Normed(Tokens), _work.Inputs.View, width, offset);
                offset += input.Matrix.Rows;
            }

            int queries = mixer.Heads * mixer.HeadDim, keys = mixer.KvHeads * mixer.HeadDim;
            Adapt(layer, LoraSite.Query, _work.Normed.View, _work.Inputs.View, width, 0);
            Adapt(layer, LoraSite.Key, _work.Normed.View, _work.Inputs.View, width, queries);
            Adapt(layer, LoraSite.Value, _work.Normed.View, _work.Inputs.View, width, queries + keys);
            (_cache.IsRounded ? _device.Kernels.StoreRounded : _device.Kernels.Store)(
                Warps((long)Tokens * (mixer.Heads + (2 * mixer.KvHeads))), attention, rotary);
        }

        (_cache.IsRounded ? _device.Kernels.AttendRounded : _device.Kernels.Attend)(
            Grid(Tokens * mixer.Heads, attention.Splits), attention);
        Give(
            weights.Output, _work.Attended.View, isRounded: attention.Rounds != 0, layer, LoraSite.Output,
            NormOf(weights.PostAttentionNorm, weights.FeedForwardNorm, weights.RoundsMiddle));
    }

    private void StoreInputs(DeviceLayer weights, AttentionArguments attention, RotaryArguments rotary)
    {
        int head = 0;
        foreach (DeviceProjection input in weights.Inputs)
        {
            DeviceMatrix matrix = input.Matrix;
            TileKernels kernels = matrix.Kernels.For(Tokens);
            (_cache.IsRounded ? kernels.MultiplyThenStoreRounded : kernels.MultiplyThenStore)(
                Tiles(matrix.Rows, Tokens), matrix.Weights, Normed(Tokens), input.Bias, input.HasBias, head, attention, rotary,
                _work.Arrivals.View);
            head += matrix.Rows / attention.Width;
        }
    }

    private RotaryArguments RotaryOf(int layer, DeviceLayer weights)
    {
        int rope = _model.RopeOf(layer);
        return new RotaryArguments
        {
            Cosines = rope < 0 ? _work.Normed.View : _tables.Cosines(rope, _model.Pairs[rope]),
            Sines = rope < 0 ? _work.Normed.View : _tables.Sines(rope, _model.Pairs[rope]),
            QueryNorm = weights.QueryNorm.View,
            KeyNorm = weights.KeyNorm.View,
            Pairs = rope < 0 ? 0 : _model.Pairs[rope],
            AreNeighbours = weights.Mixer.Rope?.Interleaved == true ? 1 : 0,
            HasNorm = weights.QueryNorm.IsThere,
            Epsilon = _epsilon,
        };
    }

    private AttentionArguments ArgumentsOf(int layer, DeviceLayer weights)
    {
        AttentionMixer mixer = weights.Mixer;
        int splits = SplitsFor(mixer);
        _work.Parts.Reserve(splits > 1 ? (long)Tokens * mixer.Heads * splits * (mixer.HeadDim + 2) : 1);
        return new AttentionArguments
        {
            Inputs = _work.Inputs.View,
            Keys = _cache.Keys(layer),
            Values = _cache.Values(layer),
            KeyScales = _cache.KeyScales(layer),
            ValueScales = _cache.ValueScales(layer),
            Output = _work.Attended.View,
            Quants = _work.MiddleQuants.View,
            Scales = _work.MiddleScales.View,
            Arrivals = _work.Arrivals.View,
            Positions = _tables.Positions,
            Slots = _tables.Slots,
            TableStarts = _tables.TableStarts,
            Tables = _tables.Tables,
            Sinks = weights.Sinks.View,
            Parts = _work.Parts.View,
            Tokens = Tokens,
            Heads = mixer.Heads,
            KvHeads = mixer.KvHeads,
            Width = mixer.HeadDim,
            Scale = mixer.ScoreScale != 0 ? (float)mixer.ScoreScale : 1 / MathF.Sqrt(mixer.HeadDim),
            Softcap = (float)mixer.ScoreSoftcap,
            Window = mixer.WindowTokens,
            HasSinks = weights.Sinks.IsThere,
            Splits = splits,
            Rounds = weights.Output.Matrix.Kernels.RoundsActivations && mixer.HeadDim % QuantBlock.Width == 0 ? 1 : 0,
        };
    }

    // Few sequences leave most of the card idle unless their contexts are cut; parts of few tokens cost more than they bring.
    private int SplitsFor(AttentionMixer mixer)
    {
        int context = mixer.WindowTokens > 0 ? Math.Min(_tables.LongestContext, mixer.WindowTokens) : _tables.LongestContext;
        int groups = _device.GroupsFor((long)Tokens * mixer.Heads), wanted = (_device.ParallelGroups + groups - 1) / groups;
        return Math.Clamp(Math.Min(SplitsWanted ?? wanted, context / LeastPartTokens), 1, MostParts);
    }

    /// <summary>Parts that contexts are cut into; null = as many as the device needs.</summary>
    public int? SplitsWanted { get; set; }

    private void FeedForward(int layer, DeviceLayer weights, NormArguments? next)
    {
        if (weights.Moe is { } moe)
        {
            Experts(weights, moe);
            if (next is { } norm)
            {
                Norm(norm);
            }
        }
        else
        {
            Network(weights.Dense!, weights.Activation, layer, next);
        }
    }

    // Networks that stand beside experts cannot be adapted: they are of no layer.
    private void Network(DeviceNetwork network, int activation, int? layer, NormArguments? next)
    {
        DeviceMatrix gate = network.Gate.Matrix;
        bool isAdapted = _hasAdapters && layer is not null, isRounded = false;
        if (isAdapted || !network.HasLikeHalves || (IsMany(gate, Tokens) && gate.Kernels.HasMany))
        {
            long count = (long)Tokens * gate.Rows;
            _work.Up.Reserve(count);
            Multiply(network.Gate, Normed(Tokens), _work.Inner.View, gate.Rows, 0);
            Multiply(network.Up, Normed(Tokens), _work.Up.View, gate.Rows, 0);
            Adapt(layer, LoraSite.Gate, _work.Normed.View, _work.Inner.View, gate.Rows, 0);
            Adapt(layer, LoraSite.Up, _work.Normed.View, _work.Up.View, gate.Rows, 0);
            _device.Kernels.Activate(Elements(count), _work.Inner.View, _work.Up.View, count, activation);
        }
        else if (Fuses && network.Down.Matrix.Kernels.RoundsActivations)
        {
            isRounded = true;
            gate.Kernels.For(Tokens).GateUpThenRound(
                Tiles(gate.Rows, Tokens), gate.Weights, network.Up.Matrix.Weights, Normed(Tokens), network.Gate.Bias, network.Up.Bias,
                network.Gate.HasBias, _work.Inner.View, activation, _work.MiddleQuants.View, _work.MiddleScales.View,
                _work.Arrivals.View);
        }
        else
        {
            gate.Kernels.For(Tokens).GateUp(
                Tiles(gate.Rows, Tokens), gate.Weights, network.Up.Matrix.Weights, Normed(Tokens), network.Gate.Bias, network.Up.Bias,
                network.Gate.HasBias, _work.Inner.View, activation);
        }

        Give(network.Down, _work.Inner.View, isRounded, layer, LoraSite.Down, next);
    }

    // A projection back to the residual stream, and where there is one the norm that follows.
    private void Give(
        DeviceProjection projection, ArrayView<float> input, bool isRounded, int? layer, LoraSite site, NormArguments? next)
    {
        DeviceMatrix matrix = projection.Matrix;
        if (matrix.Kernels.RoundsActivations && !isRounded)
        {
            Quantise(input, Tokens, matrix.Columns);
        }

        if (Fuses && next is { } fused)
        {
            matrix.Kernels.For(Tokens).MultiplyThenNorm(
                Tiles(matrix.Rows, Tokens), matrix.Weights, Middle(input, Tokens), projection.Bias, projection.HasBias, fused,
                _work.Arrivals.View);
            return;
        }

        Multiply(projection, Middle(input, Tokens), _work.BlockOutput.View, matrix.Rows, 0);
        Adapt(layer, site, input, _work.BlockOutput.View, matrix.Rows, 0);
        if (next is { } norm)
        {
            Norm(norm);
        }
    }

    private void Experts(DeviceLayer weights, MoeFeedForward moe)
    {
        Multiply(weights.Router!, Normed(Tokens), _work.Router.View, moe.Experts, 0);
        if (weights.SharedGate is { } gate)
        {
            Multiply(gate, Normed(Tokens), _work.SharedGates.View, 1, 0);
        }

        _device.Kernels.Route(new KernelConfig((Tokens + _device.Lanes - 1) / _device.Lanes, _device.Lanes), new RouteArguments
        {
            Scores = _work.Router.View,
            Correction = weights.Correction!.View,
            Chosen = _work.Chosen.View,
            Shares = _work.Shares.View,
            Tokens = Tokens,
            Experts = moe.Experts,
            Choices = moe.ExpertsPerToken,
            Scale = (float)moe.RoutedScale,
            IsSigmoid = moe.SigmoidRouter ? 1 : 0,
            Normalises = moe.NormalizeTopK ? 1 : 0,
            HasCorrection = weights.Correction.IsThere,
        });

        int pairs = Tokens * moe.ExpertsPerToken;
        DeviceNetwork experts = weights.Experts!;
        if (weights.Dense is { } shared)
        {
            Network(shared, weights.Activation, layer: null, next: null);
            if (weights.SharedGate is not null)
            {
                _device.Kernels.GateRows(
                    new KernelConfig(Tokens, _device.RowThreads), _work.BlockOutput.View, _work.SharedGates.View, HiddenSize);
            }
        }

        experts.Gate.Matrix.Kernels.ExpertGateUp(
            Grid(moe.ExpertIntermediateSize, pairs), experts.Gate.Matrix.Weights, experts.Up.Matrix.Weights, Normed(Tokens),
            experts.Gate.Bias, experts.Up.Bias, experts.Gate.HasBias, _work.Chosen.View, moe.ExpertsPerToken, moe.ExpertIntermediateSize,
            _work.Inner.View, weights.Activation);
        if (experts.Down.Matrix.Kernels.RoundsActivations)
        {
            Quantise(_work.Inner.View, pairs, moe.ExpertIntermediateSize);
        }

        experts.Down.Matrix.Kernels.ExpertDown(
            Grid(HiddenSize, Tokens), experts.Down.Matrix.Weights, Middle(_work.Inner.View, pairs), experts.Down.Bias,
            experts.Down.HasBias, _work.Chosen.View, _work.Shares.View, moe.ExpertsPerToken, HiddenSize, _work.BlockOutput.View,
            weights.Dense is null ? 0 : 1);
    }

    private void Finish(ForwardBatch batch, DeviceVector pending)
    {
        ModelArchitecture architecture = _model.Architecture;
        int rows = batch.LogitRowCount;
        bool hasJoined = false;
        if (batch.WantsHiddenStates)
        {
            _hidden.Reserve((long)Tokens * HiddenSize);
            Norm(NormOf(pending, _model.FinalNorm, rounds: false) with { Output = _hidden.View });
            hasJoined = true;
        }

        if (rows == 0)
        {
            return;
        }

        // Only rows that get logits pass the final norm and the head.
        _logits.Reserve((long)rows * architecture.VocabularySize);
        _best.Reserve(rows);
        _device.Kernels.JoinAndNorm(
            new KernelConfig(rows, _device.RowThreads),
            NormOf(hasJoined ? null : pending, _model.FinalNorm, _model.Head.Matrix.Kernels.RoundsActivations) with
            {
                Map = _tables.LogitTokens,
                HasMap = 1,
            });
        Multiply(_model.Head, Normed(rows), _logits.View, architecture.VocabularySize, 0);
        long count = (long)rows * architecture.VocabularySize;
        if (architecture.LogitScale != 1 || architecture.FinalLogitSoftcap > 0)
        {
            _device.Kernels.FinishLogits(
                Elements(count), _logits.View, count, (float)architecture.LogitScale, (float)architecture.FinalLogitSoftcap);
        }

        _device.Kernels.Best(new KernelConfig(rows, _device.RowThreads), _logits.View, architecture.VocabularySize, _best.View);
        if (batch.WantsCandidates)
        {
            FindCandidates(batch, rows);
        }
    }

    private void FindCandidates(ForwardBatch batch, int rows)
    {
        if (_stagedTemperatures.Length < rows)
        {
            _stagedTemperatures = new float[rows];
        }

        int row = 0;
        for (int i = 0; i < batch.Count; i++)
        {
            _stagedTemperatures.AsSpan(row, batch[i].LogitRows).Fill(batch[i].CandidateTemperature);
            row += batch[i].LogitRows;
        }

        _temperatures.Upload(_stagedTemperatures, rows);
        _candidates.Reserve((long)rows * CandidateKernels.RowNumbers);
        _device.Kernels.FindCandidates(
            new KernelConfig(rows, _device.VocabularyThreads), _logits.View, _model.Architecture.VocabularySize, _temperatures.View,
            _candidates.View);
    }

    // Adds the adapters' share to what a layer gave; neighbours with the same adapter go together.
    private void Adapt(int? adapted, LoraSite site, ArrayView<float> input, ArrayView<float> output, int stride, int offset)
    {
        if (!_hasAdapters || adapted is not { } layer)
        {
            return;
        }

        int count = _layout.Batch.Count;
        for (int first = 0, end; first < count; first = end)
        {
            var adapter = (DeviceAdapter?)_layout.Batch[first].Adapter;
            end = first + 1;
            while (end < count && ReferenceEquals(_layout.Batch[end].Adapter, adapter))
            {
                end++;
            }

            if (adapter?.PairAt(layer, site) is not { } pair)
            {
                continue;
            }

            int token = _layout.FirstTokens[first], tokens = (end < count ? _layout.FirstTokens[end] : Tokens) - token;
            _work.Lora.Reserve((long)tokens * pair.Rank);
            _device.Kernels.LoraDown(
                Grid(pair.Rank, tokens), pair.Down.View, pair.Rank, pair.Inputs,
                input.SubView((long)token * pair.Inputs, (long)tokens * pair.Inputs), _work.Lora.View);
            int threads = _device.IsEmulated ? _device.Lanes : ElementThreads;
            _device.Kernels.LoraUp(
                new KernelConfig(new Index3D((pair.Outputs + threads - 1) / threads, tokens, 1), new Index3D(threads, 1, 1)),
                pair.Up.View, pair.Outputs, pair.Rank, _work.Lora.View, pair.Scale,
                output.SubView((long)token * stride, (long)tokens * stride), stride, offset);
        }
    }

    private static bool IsMany(DeviceMatrix matrix, int rows) => rows > FewTokens && matrix.Columns % TensorKernels.Depth == 0;

    private void Multiply(DeviceProjection projection, Operand operand, ArrayView<float> output, int stride, int offset)
    {
        DeviceMatrix matrix = projection.Matrix;
        if (IsMany(matrix, operand.Tokens) && matrix.Kernels.HasMany)
        {
            int groups = _device.GroupsFor((matrix.Rows + TensorKernels.Rows - 1) / TensorKernels.Rows);
            int tiles = (operand.Tokens + TensorKernels.Tokens - 1) / TensorKernels.Tokens;
            matrix.Kernels.MultiplyMany(
                new KernelConfig(new Index3D(groups, tiles, 1), new Index3D(_device.Warps * _device.Lanes, 1, 1)), matrix.Weights,
                operand, projection.Bias, projection.HasBias, output, stride, offset);
            return;
        }

        matrix.Kernels.For(operand.Tokens).Multiply(
            Tiles(matrix.Rows, operand.Tokens), matrix.Weights, operand, projection.Bias, projection.HasBias, output, stride, offset);
    }

    private void Quantise(ArrayView<float> values, int rows, int columns)
    {
        int blocks = checked(rows * (columns / QuantBlock.Width)), threads = _device.Warps * _device.Lanes;
        _device.Kernels.Quantise(
            new KernelConfig((blocks + threads - 1) / threads, threads), values, _work.MiddleQuants.View, _work.MiddleScales.View, blocks);
    }

    // The normed rows before a block, and what it has in its middle.
    private Operand Normed(int rows) => OperandOf(_work.Normed.View, _work.Quants.View, _work.Scales.View, rows);

    private Operand Middle(ArrayView<float> values, int rows) =>
        OperandOf(values, _work.MiddleQuants.View, _work.MiddleScales.View, rows);

    private static Operand OperandOf(ArrayView<float> values, ArrayView<int> quants, ArrayView<ActivationScale> scales, int rows) => new()
    {
        Values = values.SubView(0, values.Length / 4 * 4).Cast<Float4>(),
        Quants = quants.SubView(0, quants.Length / 4 * 4).Cast<Int4>(),
        Scales = scales,
        Tokens = rows,
    };

    private KernelConfig Tiles(int rows, int tokens) =>
        Grid(rows, tokens == 1 ? 1 : (tokens + FormatKernels.TileTokens - 1) / FormatKernels.TileTokens);

    private KernelConfig Grid(int rows, int second) =>
        new(new Index3D(_device.GroupsFor(rows), second, 1), new Index3D(_device.Warps * _device.Lanes, 1, 1));

    private KernelConfig Elements(long count)
    {
        int threads = _device.IsEmulated ? _device.Lanes : ElementThreads;
        return new KernelConfig(checked((int)((count + threads - 1) / threads)), threads);
    }

    private KernelConfig Warps(long rows) => new(_device.GroupsFor(rows), _device.Warps * _device.Lanes);
}
