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
        DeviceVector? pending = null;
        for (int layer = 0; layer < _model.Layers.Count; layer++)
        {
            DeviceLayer weights = _model.Layers[layer];
            JoinAndNorm(pending, weights.AttentionNorm, weights.Inputs[0].Matrix.Kernels.RoundsActivations || weights.Inputs.Count > 1);
            Attention(layer, weights);
            bool rounds = weights.Moe is null
                ? weights.Dense!.RoundsInput
                : weights.Router!.Matrix.Kernels.RoundsActivations || weights.Experts!.RoundsInput || weights.Dense?.RoundsInput == true;
            JoinAndNorm(weights.PostAttentionNorm, weights.FeedForwardNorm, rounds);
            FeedForward(layer, weights);
            pending = weights.PostFeedForwardNorm;
        }

        Finish(batch, pending!);
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

    // Without something that joins there is no norm for it either: the first layer.
    private void JoinAndNorm(DeviceVector? postNorm, DeviceVector norm, bool rounds) => Norm(
        postNorm, norm, _work.Normed.View, Tokens, rounds, isMapped: false);

    private void Norm(DeviceVector? postNorm, DeviceVector norm, ArrayView<float> output, int rows, bool rounds, bool isMapped) =>
        _device.Kernels.JoinAndNorm(new KernelConfig(rows, _device.RowThreads), new NormArguments
        {
            Residual = _work.Residual.View,
            Change = _work.BlockOutput.View,
            PostWeight = (postNorm ?? norm).View,
            Weight = norm.View,
            Output = output,
            Quants = _work.Quants.View,
            Scales = _work.Scales.View,
            Map = isMapped ? _tables.LogitTokens : _tables.Tokens,
            Width = HiddenSize,
            Epsilon = _epsilon,
            ResidualScale = (float)_model.Architecture.ResidualScale,
            HasChange = postNorm is null ? 0 : 1,
            HasPostNorm = postNorm?.IsThere ?? 0,
            HasNorm = norm.IsThere,
            Rounds = rounds ? 1 : 0,
            HasMap = isMapped ? 1 : 0,
        });

    private void Attention(int layer, DeviceLayer weights)
    {
        AttentionMixer mixer = weights.Mixer;
        int width = (mixer.Heads + (2 * mixer.KvHeads)) * mixer.HeadDim, offset = 0;
        foreach (DeviceProjection input in weights.Inputs)
        {
            Multiply(input, _work.Normed.View, Tokens, _work.Inputs.View, width, offset);
            offset += input.Matrix.Rows;
        }

        int queries = mixer.Heads * mixer.HeadDim, keys = mixer.KvHeads * mixer.HeadDim;
        Adapt(layer, LoraSite.Query, _work.Normed.View, _work.Inputs.View, width, 0);
        Adapt(layer, LoraSite.Key, _work.Normed.View, _work.Inputs.View, width, queries);
        Adapt(layer, LoraSite.Value, _work.Normed.View, _work.Inputs.View, width, queries + keys);
        int rope = _model.RopeOf(layer);
        AttentionArguments attention = ArgumentsOf(layer, weights);
        (_cache.IsRounded ? _device.Kernels.StoreRounded : _device.Kernels.Store)(
            Warps((long)Tokens * (mixer.Heads + (2 * mixer.KvHeads))), attention, new RotaryArguments
            {
                Cosines = rope < 0 ? _work.Normed.View : _tables.Cosines(rope, _model.Pairs[rope]),
                Sines = rope < 0 ? _work.Normed.View : _tables.Sines(rope, _model.Pairs[rope]),
                QueryNorm = weights.QueryNorm.View,
                KeyNorm = weights.KeyNorm.View,
                Pairs = rope < 0 ? 0 : _model.Pairs[rope],
                AreNeighbours = mixer.Rope?.Interleaved == true ? 1 : 0,
                HasNorm = weights.QueryNorm.IsThere,
                Epsilon = _epsilon,
            });
        int groups = _device.GroupsFor((long)Tokens * mixer.Heads);
        (_cache.IsRounded ? _device.Kernels.AttendRounded : _device.Kernels.Attend)(
            new KernelConfig(new Index3D(groups, attention.Splits, 1), new Index3D(_device.Warps * _device.Lanes, 1, 1)), attention);
        if (attention.Splits > 1)
        {
            _device.Kernels.Combine(new KernelConfig(Tokens * mixer.Heads, _device.Lanes), attention);
        }

        Project(weights.Output, _work.Attended.View, Tokens, _work.BlockOutput.View);
        Adapt(layer, LoraSite.Output, _work.Attended.View, _work.BlockOutput.View, HiddenSize, 0);
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

    private void FeedForward(int layer, DeviceLayer weights)
    {
        if (weights.Moe is { } moe)
        {
            Experts(weights, moe);
        }
        else
        {
            Network(weights.Dense!, weights.Activation, layer);
        }
    }

    // Networks that stand beside experts cannot be adapted: they are of no layer.
    private void Network(DeviceNetwork network, int activation, int? layer)
    {
        DeviceMatrix gate = network.Gate.Matrix;
        int? adapted = _hasAdapters ? layer : null;
        if (adapted is not null || !network.HasLikeHalves || (IsMany(gate, Tokens) && gate.Kernels.MultiplyMany is not null))
        {
            long count = (long)Tokens * gate.Rows;
            _work.Up.Reserve(count);
            Multiply(network.Gate, _work.Normed.View, Tokens, _work.Inner.View, gate.Rows, 0);
            Multiply(network.Up, _work.Normed.View, Tokens, _work.Up.View, gate.Rows, 0);
            if (adapted is { } changed)
            {
                Adapt(changed, LoraSite.Gate, _work.Normed.View, _work.Inner.View, gate.Rows, 0);
                Adapt(changed, LoraSite.Up, _work.Normed.View, _work.Up.View, gate.Rows, 0);
            }

            _device.Kernels.Activate(Elements(count), _work.Inner.View, _work.Up.View, count, activation);
            Project(network.Down, _work.Inner.View, Tokens, _work.BlockOutput.View);
            if (adapted is { } last)
            {
                Adapt(last, LoraSite.Down, _work.Inner.View, _work.BlockOutput.View, HiddenSize, 0);
            }

            return;
        }

        bool isOne = Tokens == 1;
        gate.Kernels.GateUp(isOne)(
            Tiles(gate.Rows, Tokens), gate.Weights, network.Up.Matrix.Weights, OperandOf(_work.Normed.View, Tokens), network.Gate.Bias,
            network.Up.Bias, network.Gate.HasBias, _work.Inner.View, activation);
        Project(network.Down, _work.Inner.View, Tokens, _work.BlockOutput.View);
    }

    private void Experts(DeviceLayer weights, MoeFeedForward moe)
    {
        Multiply(weights.Router!, _work.Normed.View, Tokens, _work.Router.View, moe.Experts, 0);
        if (weights.SharedGate is { } gate)
        {
            Multiply(gate, _work.Normed.View, Tokens, _work.SharedGates.View, 1, 0);
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

        // The shared network first: its down projection rounds what it gets, and so overwrites the rounded input of the experts.
        int pairs = Tokens * moe.ExpertsPerToken;
        DeviceNetwork experts = weights.Experts!;
        if (weights.Dense is { } shared)
        {
            Network(shared, weights.Activation, layer: null);
            if (weights.SharedGate is not null)
            {
                _device.Kernels.GateRows(
                    new KernelConfig(Tokens, _device.RowThreads), _work.BlockOutput.View, _work.SharedGates.View, HiddenSize);
            }

            if (experts.Gate.Matrix.Kernels.RoundsActivations)
            {
                Quantise(_work.Normed.View, Tokens, HiddenSize);
            }
        }

        experts.Gate.Matrix.Kernels.ExpertGateUp(
            Grid(moe.ExpertIntermediateSize, pairs), experts.Gate.Matrix.Weights, experts.Up.Matrix.Weights,
            OperandOf(_work.Normed.View, Tokens), experts.Gate.Bias, experts.Up.Bias, experts.Gate.HasBias, _work.Chosen.View,
            moe.ExpertsPerToken, moe.ExpertIntermediateSize, _work.Inner.View, weights.Activation);
        if (experts.Down.Matrix.Kernels.RoundsActivations)
        {
            Quantise(_work.Inner.View, pairs, moe.ExpertIntermediateSize);
        }

        experts.Down.Matrix.Kernels.ExpertDown(
            Grid(HiddenSize, Tokens), experts.Down.Matrix.Weights, OperandOf(_work.Inner.View, pairs), experts.Down.Bias,
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
            Norm(pending, _model.FinalNorm, _hidden.View, Tokens, rounds: false, isMapped: false);
            hasJoined = true;
        }

        if (rows == 0)
        {
            return;
        }

        // Only rows that get logits pass the final norm and the head.
        _logits.Reserve((long)rows * architecture.VocabularySize);
        _best.Reserve(rows);
        Norm(
            hasJoined ? null : pending, _model.FinalNorm, _work.Normed.View, rows, _model.Head.Matrix.Kernels.RoundsActivations,
            isMapped: true);
        Multiply(_model.Head, _work.Normed.View, rows, _logits.View, architecture.VocabularySize, 0);
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
    private void Adapt(int layer, LoraSite site, ArrayView<float> input, ArrayView<float> output, int stride, int offset)
    {
        int count = _hasAdapters ? _layout.Batch.Count : 0;
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

    // A product whose input was not rounded yet.
    private void Project(DeviceProjection projection, ArrayView<float> input, int rows, ArrayView<float> output)
    {
        if (projection.Matrix.Kernels.RoundsActivations)
        {
            Quantise(input, rows, projection.Matrix.Columns);
        }

        Multiply(projection, input, rows, output, projection.Matrix.Rows, 0);
    }

    private void Multiply(DeviceProjection projection, ArrayView<float> input, int rows, ArrayView<float> output, int stride, int offset)
    {
        DeviceMatrix matrix = projection.Matrix;
        if (IsMany(matrix, rows) && matrix.Kernels.MultiplyMany is { } many)
        {
            int groups = _device.GroupsFor((matrix.Rows + TensorKernels.Rows - 1) / TensorKernels.Rows);
            int tiles = (rows + TensorKernels.Tokens - 1) / TensorKernels.Tokens;
            many(
                new KernelConfig(new Index3D(groups, tiles, 1), new Index3D(_device.Warps * _device.Lanes, 1, 1)), matrix.Weights,
                OperandOf(input, rows), projection.Bias, projection.HasBias, output, stride, offset);
            return;
        }

        matrix.Kernels.Multiply(rows == 1)(
            Tiles(matrix.Rows, rows), matrix.Weights, OperandOf(input, rows), projection.Bias, projection.HasBias, output, stride, offset);
    }

    private void Quantise(ArrayView<float> values, int rows, int columns)
    {
        int blocks = checked(rows * (columns / QuantBlock.Width)), threads = _device.Warps * _device.Lanes;
        _device.Kernels.Quantise(
            new KernelConfig((blocks + threads - 1) / threads, threads), values, _work.Quants.View, _work.Scales.View, blocks);
    }

    private Operand OperandOf(ArrayView<float> values, int rows) => new()
    {
        Values = values.SubView(0, values.Length / 4 * 4).Cast<Float4>(),
        Quants = _work.Quants.View.SubView(0, _work.Quants.View.Length / 4 * 4).Cast<Int4>(),
        Scales = _work.Scales.View,
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
