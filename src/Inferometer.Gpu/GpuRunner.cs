using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using ILGPU.Runtime;
using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.Gpu.Devices;
using Inferometer.Gpu.Execution;
using Inferometer.Gpu.Kernels;
using Inferometer.Gpu.Weights;
using Inferometer.Runners;

namespace Inferometer.Gpu;

/// <summary>A transformer and its key/value cache on a GPU. Rows of logits stay there until they are asked for. Owns everything.</summary>
internal sealed class GpuRunner : IModelRunner
{
    private readonly GpuDevice _device;
    private readonly GpuModel _model;
    private readonly GpuKvCache _cache;
    private readonly GpuForward _forward;
    private int[] _best = [];
    private int[] _candidates = [];
    private float[] _logits = [];
    private float[] _hidden = [];
    private bool[] _isFetched = [];
    private int _rows;
    private int _tokens;
    private bool _hasBest;
    private bool _wantsCandidates;
    private bool _hasCandidates;
    private bool _wantsHidden;
    private bool _hasHidden;
    private int _running;
    private long _steps;
    private long _ranTokens;
    private long _attentions;

    /// <summary>Makes a runner of its parts.</summary>
    public GpuRunner(GpuDevice device, GpuModel model, int blockCount, bool roundsCache = false)
    {
        (_device, _model) = (device, model);
        try
        {
            _cache = new GpuKvCache(device, model.Architecture, blockCount, roundsCache);
        }
        catch (AcceleratorException error)
        {
            throw new InferometerException(
                $"{device.Name}: there is no room for {blockCount} blocks of keys and values: {error.Message}", error);
        }

        _forward = new GpuForward(device, model, _cache);
    }

    /// <inheritdoc/>
    public ModelArchitecture Architecture => _model.Architecture;

    /// <inheritdoc/>
    public int ContextTokens => _model.ContextTokens;

    /// <inheritdoc/>
    public int BlockSize => AttentionKernels.PageTokens;

    /// <inheritdoc/>
    public int BlockCount => _cache.BlockCount;

    /// <inheritdoc/>
    public RunnerMemory Memory => new(
        _model.Bytes, _forward.WorkspaceBytes, 0,
        _forward.OutputBytes + (sizeof(float) * ((long)_logits.Length + _hidden.Length + _candidates.Length)));

    /// <inheritdoc/>
    public RunnerStatistics Statistics => new(
        Interlocked.Read(ref _steps), Interlocked.Read(ref _ranTokens), Interlocked.Read(ref _attentions), 0);

    /// <summary>Kernels launched so far, for tests.</summary>
    internal long Launches => _device.Launches.Value;

    /// <summary>Parts that attention cuts contexts into, for tests; null = as many as the device needs.</summary>
    internal int? SplitsWanted
    {
        set => _forward.SplitsWanted = value;
    }

    /// <inheritdoc/>
    public IModelAdapter LoadAdapter(string path, double scale = 1)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        _device.Bind();
        return _model.LoadAdapter(_device, path, scale);
    }

    /// <inheritdoc/>
    public void CopyBlock(int source, int destination)
    {
        _device.Bind();
        _cache.CopyBlock(source, destination);
    }

    /// <inheritdoc/>
    public void Forward(ForwardBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (Interlocked.Exchange(ref _running, 1) != 0)
        {
            throw new InvalidOperationException("this model is running another step; steps run one at a time");
        }

        try
        {
            RequireOwnAdapters(batch);
            (_rows, _tokens, _hasBest, _wantsHidden, _hasHidden) =
                (batch.LogitRowCount, batch.TokenCount, false, batch.WantsHiddenStates, false);
            if (_isFetched.Length < _rows)
            {
                _isFetched = new bool[_rows];
            }

            (_wantsCandidates, _hasCandidates) = (batch.WantsCandidates, false);
            _isFetched.AsSpan().Clear();
            if (batch.TokenCount == 0)
            {
                return;
            }

            _device.Bind();
            _forward.Run(batch);
            _device.Accelerator.Synchronize();
            Interlocked.Increment(ref _steps);
            Interlocked.Add(ref _ranTokens, batch.TokenCount);
            Interlocked.Add(ref _attentions, _model.Layers.Count);
        }
        finally
        {
            Volatile.Write(ref _running, 0);
        }
    }

    /// <inheritdoc/>
    public int BestToken(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)_rows, nameof(row));
        if (!_hasBest)
        {
            Grow(ref _best, _rows);
            _device.Bind();
            _forward.Best.Fetch(_best.AsSpan(0, _rows));
            _hasBest = true;
        }

        return _best[row];
    }

    /// <inheritdoc/>
    public RowCandidates Candidates(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)_rows, nameof(row));
        if (!_wantsCandidates || BestToken(row) < 0)
        {
            return default;
        }

        const int numbers = CandidateKernels.RowNumbers;
        if (!_hasCandidates)
        {
            Grow(ref _candidates, checked(_rows * numbers));
            _device.Bind();
            _forward.Candidates.Fetch(_candidates.AsSpan(0, _rows * numbers));
            _hasCandidates = true;
        }

        ReadOnlySpan<int> all = _candidates.AsSpan(row * numbers, numbers);
        int count = all[CandidateKernels.CountAt];
        ReadOnlySpan<float> logits =
            MemoryMarshal.Cast<int, float>(all.Slice(CandidateKernels.TokensAt + CandidateKernels.Count, count));

        // Of fewer than it looks for, the kernel finds all that are not infinite below.
        return new RowCandidates(
            all.Slice(CandidateKernels.TokensAt, count), logits,
            count < CandidateKernels.Count ? float.NegativeInfinity : TensorPrimitives.Min(logits),
            BitConverter.Int32BitsToSingle(all[CandidateKernels.MassAt]),
            BitConverter.Int32BitsToSingle(all[CandidateKernels.PlainMassAt]));
    }

    /// <inheritdoc/>
    public Span<float> Logits(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)_rows, nameof(row));
        int vocabulary = Architecture.VocabularySize;
        Grow(ref _logits, checked(_rows * vocabulary));
        if (!_isFetched[row])
        {
            _device.Bind();
            _forward.Logits.SubView((long)row * vocabulary, vocabulary).Fetch(_logits.AsSpan(row * vocabulary, vocabulary));
            _isFetched[row] = true;
        }

        return _logits.AsSpan(row * vocabulary, vocabulary);
    }

    /// <inheritdoc/>
    public ReadOnlySpan<float> HiddenState(int token)
    {
        if (!_wantsHidden)
        {
            throw new InvalidOperationException("the step was not asked for hidden states");
        }

        int width = Architecture.HiddenSize;
        if (!_hasHidden)
        {
            Grow(ref _hidden, checked(_tokens * width));
            _device.Bind();
            _forward.Hidden.Fetch(_hidden.AsSpan(0, _tokens * width));
            _hasHidden = true;
        }

        return _hidden.AsSpan(token * width, width);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _device.Bind();
        _forward.Dispose();
        _cache.Dispose();
        _model.Dispose();
        _device.Dispose();
    }

    private void RequireOwnAdapters(ForwardBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            if (batch[i].Adapter is { } adapter && !(adapter is DeviceAdapter mine && mine.IsOn(_device)))
            {
                throw new ArgumentException($"adapter '{adapter.Name}' of sequence {i} was loaded for another model", nameof(batch));
            }
        }
    }

    // Rows fetched before it grew are fetched again: it grows before the first of a step.
    private static void Grow<T>(ref T[] array, int length)
    {
        if (array.Length < length)
        {
            array = new T[length];
        }
    }
}
