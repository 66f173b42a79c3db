using System.Buffers;
using System.Numerics;
using Inferometer.Core;
using Inferometer.Inference.Execution;
using Inferometer.Inference.Formats;

namespace Inferometer.Inference.Weights;

/// <summary>Reads every value of a tensor once and refuses NaN and infinity, which would silence the whole model.</summary>
internal sealed class FiniteCheck
{
    private readonly RowWork _work;
    private readonly Action<int> _checkRow;
    private ModelTensor? _tensor;

    public FiniteCheck(RowWork work)
    {
        _work = work;
        _checkRow = CheckRow;
    }

    /// <summary>Checks all values.</summary>
    /// <exception cref="InferometerException">A value is not finite; the message names file, tensor and row.</exception>
    public void Require(ModelTensor tensor)
    {
        _tensor = tensor;
        _work.Run(_checkRow, checked((int)tensor.Rows));
    }

    private void CheckRow(int row)
    {
        int columns = (int)_tensor!.Columns;
        float[] buffer = ArrayPool<float>.Shared.Rent(columns);
        Span<float> values = buffer.AsSpan(0, columns);
        _tensor.DecodeRow(row, values);
        bool finite = AllFinite(values);
        ArrayPool<float>.Shared.Return(buffer);
        if (!finite)
        {
            throw new InferometerException($"{_tensor.Source}: tensor '{_tensor.Name}' holds a value that is no finite number in row {row}.");
        }
    }

    // x - x is 0 for every finite x and NaN for the others, and a sum with one NaN is NaN.
    private static bool AllFinite(ReadOnlySpan<float> values)
    {
        Vector<float> differences = Vector<float>.Zero;
        int i = 0;
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> x = new(values[i..]);
            differences += x - x;
        }

        float rest = Vector.Sum(differences);
        for (; i < values.Length; i++)
        {
            rest += values[i] - values[i];
        }

        return !float.IsNaN(rest);
    }
}
