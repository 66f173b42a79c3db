using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Inferometer.History.Records;

/// <summary>Runs as stores hold them: the content as JSON, each series as little-endian doubles.</summary>
internal static class RunText
{
    /// <summary>The content, without id, name, tags and series.</summary>
    public static string BodyOf(RunRecord run) => JsonSerializer.Serialize(run, RunJson.Default.RunRecord);

    /// <summary>A run out of its content.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static RunRecord Parse(string body) =>
        JsonSerializer.Deserialize(body, RunJson.Default.RunRecord) ?? throw new JsonException("The content of a run is null.");

    /// <summary>The id: SHA-256 of the content and of every series with its name, unit and axis.</summary>
    public static string IdOf(RunRecord run)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(BodyOf(run)));
        foreach (RunSeries series in run.Series)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"\n{series.Key}\n{series.Unit}\n"));
            if (series.Axis is not null)
            {
                hash.AppendData(Encoding.UTF8.GetBytes($"{series.Axis}\n")); // runs from before there were axes keep their ids
            }

            hash.AppendData(BytesOf(series.Values));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public static byte[] BytesOf(IReadOnlyList<double> values)
    {
        byte[] bytes = new byte[values.Count * sizeof(double)];
        for (int i = 0; i < values.Count; i++)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(i * sizeof(double)), values[i]);
        }

        return bytes;
    }

    public static double[] ValuesOf(byte[] bytes)
    {
        double[] values = new double[bytes.Length / sizeof(double)];
        if (BitConverter.IsLittleEndian)
        {
            bytes.AsSpan(0, values.Length * sizeof(double)).CopyTo(MemoryMarshal.AsBytes(values.AsSpan()));
            return values;
        }

        for (int i = 0; i < values.Length; i++)
        {
            values[i] = BinaryPrimitives.ReadDoubleLittleEndian(bytes.AsSpan(i * sizeof(double)));
        }

        return values;
    }
}

/// <summary>Members in the order of their declaration, null left out: equal runs are equal text.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RunRecord))]
internal sealed partial class RunJson : JsonSerializerContext;
