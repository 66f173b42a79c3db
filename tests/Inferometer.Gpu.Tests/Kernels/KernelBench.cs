using ILGPU;
using ILGPU.Runtime;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Kernels.Matrices;
using Inferometer.Gpu.Devices;
using Inferometer.Gpu.Kernels;
using Inferometer.Gpu.Weights;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.Gpu.Tests.Kernels;

/// <summary>A device with what single kernels are run on, and the arithmetic they are compared with, in double precision.</summary>
internal sealed unsafe class KernelBench(int lanes, int seed, int warps = 1) : IDisposable
{
    private static readonly WeightPackingOptions s_asStored = new() { QuantizeActivations = false };

    private readonly List<IDisposable> _owned = [];
    private readonly Random _random = new(seed);

    public GpuDevice Device { get; } = GpuDevice.OpenEmulated(lanes, warps);

    public float[] Values(int count, double spread = 1) =>
        [.. Enumerable.Range(0, count).Select(_ => (float)(((2 * _random.NextDouble()) - 1) * spread))];

    public ArrayView<T> Upload<T>(T[] values)
        where T : unmanaged
    {
        MemoryBuffer1D<T, Stride1D.Dense> buffer = Device.Accelerator.Allocate1D(values);
        _owned.Add(buffer);
        return buffer.AsContiguous();
    }

    public T[] Download<T>(ArrayView<T> view)
        where T : unmanaged
    {
        Device.Accelerator.Synchronize();
        T[] values = new T[view.Length];
        view.Fetch(values);
        return values;
    }

    /// <summary>Random weights in a format, on the device and as floats.</summary>
    public (DeviceMatrix Matrix, float[] Values) Matrix(GgmlType type, int rows, int columns, int parts = 1)
    {
        byte[] stored = new byte[type.ByteCount((long)rows * columns)];
        float[] values = new float[rows * columns];
        if (BlockCodec.IsWritten(type))
        {
            BlockCodec.Encode(type, Values(rows * columns, 0.5), stored);
        }
        else
        {
            // MXFP4 alone: any bits are weights; exponents around one, and the two that are subnormal.
            _random.NextBytes(stored);
            for (int block = 0; block < stored.Length / 17; block++)
            {
                stored[17 * block] = block < 2 ? (byte)block : (byte)(120 + _random.Next(10));
            }
        }

        BlockCodec.Decode(type, stored, values);
        fixed (byte* first = stored)
        {
            List<WeightMatrix> matrices = [];
            int each = rows / parts;
            for (int part = 0; part < parts; part++)
            {
                long at = type.ByteCount((long)part * each * columns);
                matrices.Add(WeightMatrix.Create(type, each, columns, first + at, stored.Length - at, options: s_asStored));
            }

            var matrix = DeviceMatrix.Upload(Device, matrices, "test");
            _owned.Add(matrix);
            matrices.ForEach(part => part.Dispose());
            return (matrix, values);
        }
    }

    /// <summary>Activations for a format, and what they stand for once they are rounded.</summary>
    public (Operand Operand, float[] Values) Activations(FormatKernels kernels, int tokens, int columns)
    {
        float[] values = Values(tokens * columns, 3);
        ArrayView<float> view = Upload(values);
        ArrayView<int> quants = Upload(new int[Math.Max(4, tokens * columns / 4)]);
        ArrayView<ActivationScale> scales = Upload(new ActivationScale[Math.Max(1, tokens * columns / 32)]);
        if (kernels.RoundsActivations)
        {
            Device.Kernels.Quantise(new KernelConfig(tokens * columns / 32, Device.Lanes), view, quants, scales, tokens * columns / 32);
            int[] words = Download(quants);
            ActivationScale[] factors = Download(scales);
            for (int i = 0; i < values.Length; i++)
            {
                float rounded = factors[i / 32].Scale * (sbyte)(words[i / 4] >> (8 * (i % 4)));
                Assert.True(Math.Abs(rounded - values[i]) <= factors[i / 32].Scale * 0.5001f, $"{values[i]} became {rounded}");
                values[i] = rounded;
            }
        }

        Operand operand = new()
        {
            Values = view.Cast<Float4>(),
            Quants = quants.Cast<Int4>(),
            Scales = scales,
            Tokens = tokens,
        };
        return (operand, values);
    }

    public KernelConfig Grid(int rows, int second) =>
        new(new Index3D(Device.GroupsFor(rows), second, 1), new Index3D(Device.Warps * Device.Lanes, 1, 1));

    /// <summary>weights[row] . x[token], and the sum of the products' magnitudes, which bounds rounding.</summary>
    public static (double Sum, double Magnitude) Dot(float[] weights, int row, float[] x, int token, int columns)
    {
        double sum = 0, magnitude = 0;
        for (int i = 0; i < columns; i++)
        {
            double product = (double)weights[(row * columns) + i] * x[(token * columns) + i];
            sum += product;
            magnitude += Math.Abs(product);
        }

        return (sum, magnitude);
    }

    /// <summary>Whether numbers were rounded to within half a step, and the sums of blocks are those of their rounded numbers.</summary>
    public void AssertRounded(float[] values, ArrayView<int> quants, ArrayView<ActivationScale> scales)
    {
        int[] words = Download(quants);
        ActivationScale[] factors = Download(scales);
        for (int block = 0; block < values.Length / QuantBlock.Width; block++)
        {
            float scale = factors[block].Scale;
            float[] whole = values[(block * QuantBlock.Width)..((block + 1) * QuantBlock.Width)];
            Assert.Equal(whole.Max(Math.Abs) / 127, scale, 1e-6 * scale);
            int sum = 0;
            for (int i = 0; i < whole.Length; i++)
            {
                int q = (sbyte)(words[((block * QuantBlock.Width) + i) / 4] >> (8 * (i % 4)));
                Assert.Equal(whole[i], scale * q, 0.501 * scale);
                sum += q;
            }

            Assert.Equal(scale * sum, factors[block].Sum, 1e-5 * Math.Abs(scale * sum));
        }
    }

    public void Dispose()
    {
        _owned.ForEach(buffer => buffer.Dispose());
        Device.Dispose();
    }
}
