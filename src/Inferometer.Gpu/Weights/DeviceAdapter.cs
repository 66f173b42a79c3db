using ILGPU.Runtime;
using Inferometer.Core;
using Inferometer.Cpu.Kernels.Matrices;
using Inferometer.Cpu.Lora;
using Inferometer.Cpu.Weights;
using Inferometer.Gpu.Devices;
using Inferometer.Runners;

namespace Inferometer.Gpu.Weights;

/// <summary>A LoRA adapter on the device, its factors as floats. The device must outlive it.</summary>
internal sealed class DeviceAdapter : IModelAdapter
{
    private readonly GpuDevice _device;
    private readonly DeviceLoraPair?[] _pairs;

    /// <summary>Copies an adapter to the device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="adapter">The adapter as it was read; the caller's.</param>
    /// <param name="layers">Layers of the model.</param>
    /// <exception cref="InferometerException">There is no room for it.</exception>
    public DeviceAdapter(GpuDevice device, LoraAdapter adapter, int layers)
    {
        (_device, Name, ChangedLayers, Rank) = (device, adapter.Name, adapter.ChangedLayers, adapter.Rank);
        _pairs = new DeviceLoraPair?[layers * LoraSites.PerLayer];
        try
        {
            for (int site = 0; site < _pairs.Length; site++)
            {
                _pairs[site] = adapter.PairAt(site) is { } pair ? DeviceLoraPair.Upload(device, pair) : null;
            }
        }
        catch (AcceleratorException error)
        {
            Dispose();
            throw new InferometerException($"{device.Name}: there is no room for the adapter '{Name}': {error.Message}", error);
        }
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public int ChangedLayers { get; }

    /// <inheritdoc/>
    public int Rank { get; }

    /// <inheritdoc/>
    public long MemoryBytes => _pairs.Sum(pair => pair?.Bytes ?? 0);

    /// <summary>What it adds to a linear layer, or null.</summary>
    public DeviceLoraPair? PairAt(int layer, LoraSite site) => _pairs[LoraSites.Index(layer, site)];

    /// <summary>Whether it was copied to this device, and so for the model there.</summary>
    public bool IsOn(GpuDevice device) => ReferenceEquals(_device, device);

    /// <inheritdoc/>
    public void Dispose()
    {
        _device.Bind();
        foreach (DeviceLoraPair? pair in _pairs)
        {
            pair?.Dispose();
        }
    }
}

/// <summary>What an adapter adds to one linear layer.</summary>
/// <param name="Down">[rank][inputs].</param>
/// <param name="Up">[outputs][rank].</param>
/// <param name="Rank">Numbers between both.</param>
/// <param name="Inputs">Inputs of the layer.</param>
/// <param name="Outputs">Its outputs.</param>
/// <param name="Scale">Factor on the sum.</param>
internal sealed record DeviceLoraPair(DeviceVector Down, DeviceVector Up, int Rank, int Inputs, int Outputs, float Scale) : IDisposable
{
    /// <summary>Device memory held.</summary>
    public long Bytes => Down.Bytes + Up.Bytes;

    /// <summary>Copies both factors to the device.</summary>
    public static DeviceLoraPair Upload(GpuDevice device, LoraPair pair)
    {
        DeviceVector down = new(device, Values(pair.Down));
        try
        {
            return new DeviceLoraPair(
                down, new DeviceVector(device, Values(pair.Up)), pair.Down.Rows, pair.Down.Columns, pair.Up.Rows, pair.Scale);
        }
        catch
        {
            down.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Down.Dispose();
        Up.Dispose();
    }

    private static float[] Values(WeightMatrix matrix)
    {
        float[] values = new float[matrix.Rows * matrix.Columns];
        for (int row = 0; row < matrix.Rows; row++)
        {
            matrix.DecodeRow(row, values.AsSpan(row * matrix.Columns, matrix.Columns));
        }

        return values;
    }
}
