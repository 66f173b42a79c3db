using ILGPU;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Rotary;
using Inferometer.Gpu.Devices;
using Inferometer.Runners;

namespace Inferometer.Gpu.Execution;

/// <summary>What kernels need to know of a step, copied to the device at once: tokens, where they stand, blocks, and angles.</summary>
internal sealed class StepTables(GpuDevice device) : IDisposable
{
    private readonly DeviceBuffer<int> _numbers = new(device.Accelerator);
    private readonly DeviceBuffer<float> _angles = new(device.Accelerator);
    private int[] _staged = [];
    private float[] _stagedAngles = [];
    private int[] _angleStarts = [];
    private int _tokens;
    private int _logitRows;
    private int _tables;

    /// <summary>Token ids.</summary>
    public ArrayView<int> Tokens => Part(0, _tokens);

    /// <summary>Positions.</summary>
    public ArrayView<int> Positions => Part(_tokens, _tokens);

    /// <summary>Slots in the cache.</summary>
    public ArrayView<int> Slots => Part(2 * _tokens, _tokens);

    /// <summary>Where the blocks of each token's sequence begin.</summary>
    public ArrayView<int> TableStarts => Part(3 * _tokens, _tokens);

    /// <summary>Rows that get logits.</summary>
    public ArrayView<int> LogitTokens => Part(4 * _tokens, _logitRows);

    /// <summary>Blocks of all sequences.</summary>
    public ArrayView<int> Tables => Part((4 * _tokens) + _logitRows, _tables);

    /// <summary>Longest context of the step's tokens.</summary>
    public int LongestContext { get; private set; }

    /// <summary>Device memory held.</summary>
    public long Bytes => _numbers.Bytes + _angles.Bytes;

    /// <summary>Fills and copies everything.</summary>
    public void Set(StepLayout layout, StepRotary rotary, int[] pairs)
    {
        (_tokens, _logitRows, _tables) = (layout.TokenCount, layout.Batch.LogitRowCount, 0);
        for (int i = 0; i < layout.Batch.Count; i++)
        {
            _tables += layout.Batch[i].BlockTable.Length;
        }

        int length = (4 * _tokens) + _logitRows + _tables;
        Grow(ref _staged, length);
        layout.Tokens.CopyTo(_staged);
        layout.Positions.CopyTo(_staged.AsSpan(_tokens));
        layout.Slots.CopyTo(_staged.AsSpan(2 * _tokens));
        layout.LogitTokens.CopyTo(_staged.AsSpan(4 * _tokens));
        StageBlocks(layout);
        _numbers.Upload(_staged, length);
        StageAngles(layout, rotary, pairs);
    }

    /// <summary>Cosines of a rotary embedding, [tokens][pairs].</summary>
    public ArrayView<float> Cosines(int rope, int pairs) => Angles(rope, 0, pairs);

    /// <summary>Its sines.</summary>
    public ArrayView<float> Sines(int rope, int pairs) => Angles(rope, 1, pairs);

    /// <inheritdoc/>
    public void Dispose()
    {
        _numbers.Dispose();
        _angles.Dispose();
    }

    private void StageBlocks(StepLayout layout)
    {
        int at = (4 * _tokens) + _logitRows, start = 0, row = 0;
        LongestContext = 0;
        for (int i = 0; i < layout.Batch.Count; i++)
        {
            SequenceSlice slice = layout.Batch[i];
            slice.BlockTable.Span.CopyTo(_staged.AsSpan(at + start));
            _staged.AsSpan((3 * _tokens) + row, slice.Tokens.Length).Fill(start);
            row += slice.Tokens.Length;
            start += slice.BlockTable.Length;
            LongestContext = Math.Max(LongestContext, slice.PastTokens + slice.Tokens.Length);
        }
    }

    private void StageAngles(StepLayout layout, StepRotary rotary, int[] pairs)
    {
        Grow(ref _angleStarts, pairs.Length);
        int length = 0;
        for (int rope = 0; rope < pairs.Length; rope++)
        {
            _angleStarts[rope] = length;
            length += 2 * _tokens * pairs[rope];
        }

        Grow(ref _stagedAngles, length);
        rotary.Set(layout.Positions);
        for (int rope = 0; rope < pairs.Length; rope++)
        {
            for (int token = 0; token < _tokens; token++)
            {
                int at = _angleStarts[rope] + (token * pairs[rope]);
                rotary.Cosines(rope, token).CopyTo(_stagedAngles.AsSpan(at));
                rotary.Sines(rope, token).CopyTo(_stagedAngles.AsSpan(at + (_tokens * pairs[rope])));
            }
        }

        _angles.Upload(_stagedAngles, length);
    }

    private ArrayView<int> Part(int start, int length) => _numbers.View.SubView(start, length);

    private ArrayView<float> Angles(int rope, int part, int pairs) =>
        _angles.View.SubView(_angleStarts[rope] + (part * _tokens * pairs), _tokens * pairs);

    private static void Grow<T>(ref T[] array, int length)
    {
        if (array.Length < length)
        {
            array = new T[Math.Max(length, array.Length * 2)];
        }
    }
}
