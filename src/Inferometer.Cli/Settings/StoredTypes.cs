using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Synthesis;

namespace Inferometer.Cli.Settings;

/// <summary>The number formats that a model with random weights can have.</summary>
internal static class StoredTypes
{
    /// <summary>As a value of an option.</summary>
    public static Domain<GgmlType> Domain { get; } =
        Domains.Word([.. SyntheticModel.Types.Select(type => (type.ToString().ToLowerInvariant(), type))]);
}
