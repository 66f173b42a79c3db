using Inferometer.ModelFiles.Conversion;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.Cli.Settings;

/// <summary>What <c>convert --type</c> may name: a mix of formats, or one format for all matrices.</summary>
internal static class ConversionTypes
{
    /// <summary>As a value of an option; the name in lower case.</summary>
    public static Domain<string> Domain { get; } = Domains.Word(
        [.. BlockCodec.WrittenTypes.Select(type => type.ToString().ToLowerInvariant()).Concat(QuantizationMix.Names)
            .Distinct(StringComparer.OrdinalIgnoreCase).Select(name => (name, name))]);

    /// <summary>The options that a name stands for.</summary>
    /// <param name="name">One of the domain.</param>
    /// <param name="isPure">One format throughout although there is a mix of that name.</param>
    public static ConversionOptions Options(string name, bool isPure)
    {
        bool isMix = QuantizationMix.Names.Contains(name, StringComparer.OrdinalIgnoreCase);
        return new ConversionOptions
        {
            Type = isMix ? QuantizationMix.MainType(name) : ModelConverter.ParseType(name),
            Mix = isMix && !isPure ? name : null,
        };
    }
}
