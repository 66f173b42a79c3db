using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using Inferometer.ModelFiles.Formats;
using Inferometer.ReferenceModels;

namespace Inferometer.ModelFiles.Tests.Formats;

/// <summary>A folder with one safetensors file of tensors of any element type, written byte by byte.</summary>
internal sealed class RawSafetensors : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly JsonObject _header = [];
    private readonly MemoryStream _data = new();
    private ITensorSource? _source;

    public RawSafetensors Add<T>(string name, string type, long[] shape, params T[] values)
        where T : unmanaged
    {
        long start = _data.Length;
        _data.Write(MemoryMarshal.AsBytes<T>(values));
        _header[name] = new JsonObject
        {
            ["dtype"] = type,
            ["shape"] = new JsonArray([.. shape.Select(extent => (JsonNode)extent)]),
            ["data_offsets"] = new JsonArray(start, _data.Length),
        };
        return this;
    }

    public RawSafetensors Halves(string name, long[] shape, params float[] values) =>
        Add(name, "F16", shape, [.. values.Select(value => (Half)value)]);

    public RawSafetensors Config(string quantization)
    {
        _folder.Write("config.json", Encoding.UTF8.GetBytes($$"""{"quantization_config":{{quantization}}}"""));
        return this;
    }

    public ModelTensor Open(string name)
    {
        byte[] json = Encoding.UTF8.GetBytes(_header.ToJsonString());
        _folder.Write("model.safetensors", [.. BitConverter.GetBytes((long)json.Length), .. json, .. _data.ToArray()]);
        _source?.Dispose();
        _source = ModelFile.Open(_folder.Path);
        Assert.True(_source.TryGetTensor(name, out ModelTensor? tensor), name);
        return tensor;
    }

    public IReadOnlyList<string> Names => [.. _source!.Tensors.Select(tensor => tensor.Name)];

    public void Dispose()
    {
        _source?.Dispose();
        _folder.Dispose();
    }
}
