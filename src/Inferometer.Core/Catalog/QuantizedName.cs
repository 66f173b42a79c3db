using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Inferometer.Core.Catalog;

/// <summary>A repository's name that says a format behind the model's: <c>RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w8a8</c>.</summary>
/// <param name="Model">The name without it.</param>
/// <param name="Options">The options that say the format; empty where the name does not say which of several it is.</param>
internal sealed partial record QuantizedName(string Model, string Options)
{
    /// <summary>Takes a name apart.</summary>
    /// <returns>False where it says no format.</returns>
    public static bool TryRead(string name, [NotNullWhen(true)] out QuantizedName? quantized)
    {
        quantized = Pattern().Match(name) is { Success: true } match
            && OptionsOf(match.Groups["format"].Value.ToLowerInvariant(), name) is { } options
                ? new QuantizedName(match.Groups["model"].Value, options)
                : null;
        return quantized is not null;
    }

    // What such checkpoints hold: 8 bits of weights and activations, 4 bits of weights alone.
    private static string? OptionsOf(string format, string name) => format switch
    {
        _ when format.StartsWith("fp8", StringComparison.Ordinal) => "--weights fp8 --activations fp8",
        _ when format.StartsWith("awq", StringComparison.Ordinal) => "--weights awq",
        _ when format.StartsWith("gptq", StringComparison.Ordinal) => format.Contains('8', StringComparison.Ordinal)
            ? "--weights int8" : "--weights gptq",
        _ when format.EndsWith("bnb-4bit", StringComparison.Ordinal) => "--weights nf4",
        _ when format.EndsWith("w8a8", StringComparison.Ordinal) => "--weights int8 --activations int8",
        _ when format.EndsWith("w8a16", StringComparison.Ordinal) => "--weights int8",
        _ when format.EndsWith("w4a16", StringComparison.Ordinal) => "--weights int4",
        "nvfp4" or "fp4" => "--bits nvfp4",
        "mxfp4" => "--weights mxfp4",
        "int8" => "--weights int8",
        "int4" => "--weights int4",
        "gguf" => "",
        "4bit" or "8bit" when name.StartsWith("mlx-community/", StringComparison.OrdinalIgnoreCase) => "--weights mlx_" + format,
        _ => null,
    };

    [GeneratedRegex(
        @"^(?<model>.+?)[-_.](?<format>fp8(-dynamic|-kv|-block)?|awq(-int4|-4bit)?|gptq(-int[48]|-[48]bit)?|(unsloth-)?bnb-4bit"
            + @"|(quantized\.)?w(8a8|8a16|4a16)|nvfp4|fp4|mxfp4|int[48]|[48]bit|gguf)$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Pattern();
}
