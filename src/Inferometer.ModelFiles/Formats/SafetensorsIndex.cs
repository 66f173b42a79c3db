using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.ModelFiles.Formats;

/// <summary>The <c>weight_map</c> of a sharded checkpoint: which file holds which tensor.</summary>
internal sealed class SafetensorsIndex
{
    private const long MaxBytes = 100_000_000;

    private SafetensorsIndex(Dictionary<string, string> fileByTensor)
    {
        FileByTensor = fileByTensor;
        Files = [.. fileByTensor.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    /// <summary>File name by tensor name.</summary>
    public Dictionary<string, string> FileByTensor { get; }

    /// <summary>The distinct file names in ordinal order.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <exception cref="InferometerException">The file cannot be read, or is not such an index, or names files outside its
    /// folder.</exception>
    public static SafetensorsIndex Read(string path)
    {
        try
        {
            long length = new FileInfo(path).Length;
            return length > MaxBytes
                ? throw new InferometerException($"{path}: has {length} bytes, an index has at most {MaxBytes}.")
                : Parse(File.ReadAllBytes(path), path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InferometerException($"{path}: cannot be read: {FileFault.Describe(error, path)}", error);
        }
    }

    internal static SafetensorsIndex Parse(ReadOnlyMemory<byte> json, string source)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 16 });
            if (document.RootElement.ValueKind != JsonValueKind.Object
                || !document.RootElement.TryGetProperty("weight_map", out JsonElement map)
                || map.ValueKind != JsonValueKind.Object)
            {
                throw new InferometerException($"{source}: has no object 'weight_map'.");
            }

            var files = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (JsonProperty entry in map.EnumerateObject())
            {
                string? file = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString() : null;
                if (string.IsNullOrEmpty(file) || file is "."
                    or ".." || file.AsSpan().IndexOfAny("/\\\0") >= 0 || !files.TryAdd(entry.Name, file))
                {
                    throw new InferometerException(
                        $"{source}: the entry of tensor '{entry.Name}' is {entry.Value}; it must be given once and name a file in the "
                            + $"same folder.");
                }
            }

            return new SafetensorsIndex(files);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new InferometerException($"{source}: is not the expected JSON: {JsonFault.Describe(error)}", error);
        }
    }
}
