using ILGPU;
using Inferometer.Cpu.Weights;
using Inferometer.Gpu.Devices;

namespace Inferometer.Gpu.Weights;

/// <summary>A linear layer on the device, or several of the same input one above the other.</summary>
internal sealed class DeviceProjection : IDisposable
{
    private readonly DeviceVector _bias;

    private DeviceProjection(DeviceMatrix matrix, DeviceVector bias) => (Matrix, _bias) = (matrix, bias);

    /// <summary>The weights.</summary>
    public DeviceMatrix Matrix { get; }

    /// <summary>The bias, or a place to point at.</summary>
    public ArrayView<float> Bias => _bias.View;

    /// <summary>Whether there is a bias: 1 or 0.</summary>
    public int HasBias => _bias.IsThere;

    /// <summary>Device memory held.</summary>
    public long Bytes => Matrix.Bytes + _bias.Bytes;

    /// <summary>Copies layers to the device; those without a bias get zeros where another has one.</summary>
    public static DeviceProjection Upload(GpuDevice device, IReadOnlyList<Projection> parts, string name)
    {
        float[]? bias = parts.Any(part => part.Bias is not null)
            ? [.. parts.SelectMany(part => part.Bias ?? new float[part.Matrix.Rows])]
            : null;
        var matrix = DeviceMatrix.Upload(device, [.. parts.Select(part => part.Matrix)], name);
        return new DeviceProjection(matrix, new DeviceVector(device, bias));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Matrix.Dispose();
        _bias.Dispose();
    }
}
