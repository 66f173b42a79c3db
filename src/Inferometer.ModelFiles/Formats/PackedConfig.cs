using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.ModelFiles.Formats;

/// <summary>What a folder's <c>config.json</c> says of packed weights, where the tensors do not say it themselves.</summary>
/// <param name="Bits">Bits of GPTQ's integers; null where nothing is said.</param>
/// <param name="ZeroOffset">What GPTQ's stored zero points lack: 1, or 0 in files of the second kind.</param>
/// <param name="Block">Rows and columns of a block of 8-bit floats.</param>
internal sealed record PackedConfig(int? Bits, int ZeroOffset, (long Rows, long Columns) Block)
{
    private const long MaxBytes = 16 << 20;

    /// <summary>Where nothing is said.</summary>
    public static PackedConfig Default { get; } = new(null, 1, (128, 128));

    /// <summary>Reads it; the default where there is no such file.</summary>
    /// <exception cref="InferometerException">The file cannot be read or is not the expected JSON.</exception>
    public static PackedConfig Read(string folder)
    {
        string file = Path.Combine(folder, "config.json");
        if (!File.Exists(file) || new FileInfo(file).Length > MaxBytes)
        {
            return Default;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("quantization_config", out JsonElement config)
                && config.ValueKind == JsonValueKind.Object
                ? Parse(config)
                : Default;
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException or InvalidOperationException
            or FormatException)
        {
            throw new InferometerException($"{file}: 'quantization_config' cannot be read: {error.Message}", error);
        }
    }

    private static PackedConfig Parse(JsonElement config)
    {
        int? bits = config.TryGetProperty("bits", out JsonElement number) && number.ValueKind == JsonValueKind.Number
            ? number.GetInt32() : null;
        bool second = config.TryGetProperty("checkpoint_format", out JsonElement kind) && kind.ValueKind == JsonValueKind.String
            && kind.ValueEquals("gptq_v2");
        (long, long) block = config.TryGetProperty("weight_block_size", out JsonElement size) && size.ValueKind == JsonValueKind.Array
            && size.GetArrayLength() == 2 && size[0].GetInt64() > 0 && size[1].GetInt64() > 0
            ? (size[0].GetInt64(), size[1].GetInt64()) : Default.Block;
        return new PackedConfig(bits, second ? 0 : 1, block);
    }
}
