using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Core.Gguf;
using Inferometer.Core.Weights;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.ModelFiles.Conversion;

/// <summary>The mixes of block formats that can be written: those of llama.cpp's quantiser all of whose formats have an encoder.</summary>
public static class QuantizationMix
{
    private static readonly Lazy<Dictionary<string, GgufMix>> s_mixes = new(() => WeightFormats.All
        .Select(format => (Format: format, Scheme: WeightFormats.Find(format.Name, "--type")))
        .Where(pair => pair.Scheme is GgufMix mix && IsWritten(mix))
        .SelectMany(pair => pair.Format.Aliases.Where(alias => !IsHandmade(alias)).Prepend(pair.Format.Name)
            .Select(name => (name, (GgufMix)pair.Scheme)))
        .ToDictionary(pair => pair.name, pair => pair.Item2, StringComparer.OrdinalIgnoreCase));

    /// <summary>Their names, such as <c>q4_k_m</c>, aliases included (<c>q4_k</c>).</summary>
    public static IReadOnlyList<string> Names => [.. s_mixes.Value.Keys];

    /// <summary>The format that most matrices get.</summary>
    /// <exception cref="InferometerException">There is no such mix.</exception>
    public static GgmlType MainType(string mix) => TypeOf(Find(mix).Main);

    /// <summary>The mix under a name.</summary>
    /// <exception cref="InferometerException">There is no such mix.</exception>
    internal static GgufMix Find(string name) => s_mixes.Value.TryGetValue(name, out GgufMix? mix)
        ? mix
        : throw new InferometerException($"'{name}' is no mix that can be written. Allowed: {string.Join(", ", Names)}.");

    /// <summary>The storage format that a precision is named after.</summary>
    internal static GgmlType TypeOf(Precision precision) => precision.Name switch
    {
        "fp32" => GgmlType.F32,
        "fp16" => GgmlType.F16,
        "bf16" => GgmlType.BF16,
        string name when Enum.TryParse(name, ignoreCase: true, out GgmlType type) => type,
        string name => throw new InferometerException($"'{name}' is no storage format of GGUF files."),
    };

    // Names that publishers give to their own tables of formats.
    private static bool IsHandmade(string alias) =>
        alias.StartsWith("ud_", StringComparison.Ordinal) || alias.EndsWith("_xl", StringComparison.Ordinal);

    private static bool IsWritten(GgufMix mix) => mix.Rules.Select(rule => rule.Type).Append(mix.Main).Append(mix.Table ?? mix.Main)
        .Append(mix.Output ?? mix.Main).All(type => Enum.TryParse(type.Name, ignoreCase: true, out GgmlType id)
            && BlockCodec.IsWritten(id));
}
