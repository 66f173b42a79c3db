using ILGPU;
using ILGPU.Runtime;
using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Kernels.Matrices;
using Inferometer.Gpu.Devices;
using Inferometer.Gpu.Kernels;

namespace Inferometer.Gpu.Weights;

/// <summary>Weights of a linear layer, or of several one above the other, in device memory in their format.</summary>
internal sealed class DeviceMatrix : IDisposable
{
    private const int StagingBytes = 16 << 20;

    private readonly MemoryBuffer1D<byte, Stride1D.Dense>[] _buffers = new MemoryBuffer1D<byte, Stride1D.Dense>[PlaneSizes.Count];

    private DeviceMatrix(GpuDevice device, GgmlType type, FormatKernels kernels, int rows, int columns)
    {
        (Type, Kernels) = (type, kernels);
        PlaneSizes sizes = PlaneSizes.Of(type);
        for (int plane = 0; plane < _buffers.Length; plane++)
        {
            // A plane that a format has not is still a place to point at.
            _buffers[plane] = device.Accelerator.Allocate1D<byte>(Math.Max(16, sizes.RowBytes(plane, columns) * rows));
        }

        Weights = new DeviceWeights
        {
            Quants = View(0).Cast<Int4>(),
            High = View(1).Cast<Int2>(),
            Small = View(2).Cast<ushort>(),
            Factors = View(3).Cast<ushort>(),
            Rows = rows,
            Columns = columns,
        };
    }

    /// <summary>Format the weights were stored in.</summary>
    public GgmlType Type { get; }

    /// <summary>Kernels over the format.</summary>
    public FormatKernels Kernels { get; }

    /// <summary>What kernels are given.</summary>
    public DeviceWeights Weights { get; }

    /// <summary>Outputs.</summary>
    public int Rows => Weights.Rows;

    /// <summary>Inputs.</summary>
    public int Columns => Weights.Columns;

    /// <summary>Device memory held.</summary>
    public long Bytes => _buffers.Sum(buffer => buffer.LengthInBytes);

    /// <summary>Copies matrices of one format and width to the device, the rows of one above those of the next.</summary>
    /// <param name="device">The device.</param>
    /// <param name="parts">The matrices, as they are stored.</param>
    /// <param name="name">What they are, for messages.</param>
    /// <exception cref="InferometerException">There are no kernels for the format or the width.</exception>
    public static unsafe DeviceMatrix Upload(GpuDevice device, IReadOnlyList<WeightMatrix> parts, string name)
    {
        (GgmlType type, int columns) = (parts[0].Type, parts[0].Columns);
        FormatKernels kernels = device.Kernels.Of(type) ?? throw new InferometerException(
            $"{name}: the GPU has no kernels for weights stored as {type}; it has for F32, F16, BF16, Q8_0, Q4_0, Q4_K, Q6_K and MXFP4. "
                + "Use --device cpu, or convert the model.");
        if (columns % kernels.Width != 0)
        {
            throw new InferometerException(
                $"{name}: {columns} inputs are no multiple of {kernels.Width}, which the GPU's kernels for {type} need. "
                    + "Use --device cpu.");
        }

        DeviceMatrix matrix = new(device, type, kernels, parts.Sum(part => part.Rows), columns);
        try
        {
            int first = 0;
            foreach (WeightMatrix part in parts)
            {
                matrix.Copy(part, first);
                first += part.Rows;
            }

            return matrix;
        }
        catch
        {
            matrix.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (MemoryBuffer1D<byte, Stride1D.Dense> buffer in _buffers)
        {
            buffer?.Dispose();
        }
    }

    private ArrayView<byte> View(int plane) => _buffers[plane].AsContiguous();

    private unsafe void Copy(WeightMatrix part, int firstRow)
    {
        byte* stored = part.Stored;
        long rowBytes = Type.ByteCount(Columns);
        int chunk = (int)Math.Clamp(StagingBytes / rowBytes, 1, part.Rows);
        var sizes = PlaneSizes.Of(Type);
        byte[][] staging = [.. Enumerable.Range(0, _buffers.Length).Select(plane => new byte[chunk * sizes.RowBytes(plane, Columns)])];
        for (int row = 0; row < part.Rows; row += chunk)
        {
            int rows = Math.Min(chunk, part.Rows - row);
            PlaneLayout.Split(
                Type, new ReadOnlySpan<byte>(stored + (row * rowBytes), checked((int)(rows * rowBytes))), staging[0], staging[1],
                staging[2], staging[3]);
            for (int plane = 0; plane < staging.Length; plane++)
            {
                long bytes = sizes.RowBytes(plane, Columns);
                if (bytes > 0)
                {
                    Span<byte> staged = staging[plane].AsSpan(0, checked((int)(rows * bytes)));
                    View(plane).SubView((firstRow + row) * bytes, staged.Length).Fill<byte>(staged);
                }
            }
        }
    }
}
