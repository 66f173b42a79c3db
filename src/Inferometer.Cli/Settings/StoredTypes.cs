using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.Cli.Settings;

/// <summary>The number formats that a model can be written in.</summary>
internal static class StoredTypes
{
    /// <summary>As a value of an option.</summary>
    public static Domain<GgmlType> Domain { get; } =
        Domains.Word([.. BlockCodec.WrittenTypes.Select(type => (type.ToString().ToLowerInvariant(), type))]);
}
