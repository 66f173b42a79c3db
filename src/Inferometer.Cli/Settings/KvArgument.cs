using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.Compression;
using Inferometer.Compression.Cache;
using Inferometer.Compression.Configuration;
using Inferometer.Cpu.Kernels.Attention;

namespace Inferometer.Cli.Settings;

/// <summary>What <c>--kv</c> asks for: exact keys and values in a number format, or a compressed cache.</summary>
/// <param name="Element">Number format of exact values.</param>
/// <param name="Compression">The compressed cache, or null for the exact one.</param>
internal sealed record KvArgument(KvElement Element, KvCacheSetting? Compression)
{
    /// <summary>The <c>--kv</c> option of commands that can run over a compressed cache.</summary>
    public static Option<string> Option() => new("--kv")
    {
        HelpName = "f16|f32|q8|q4|low|med|high|FILE",
        Description = "How keys and values are cached: exact (f16, f32), compressed (q8, q4), or by a profile of 'inferometer compress build': a level of the one beside the model, or FILE[:LEVEL]. [default: f16]",
    };

    /// <summary>Reads the option's value for a model.</summary>
    /// <exception cref="UsageException">Not a setting.</exception>
    /// <exception cref="Core.InferometerException">A profile that is not there or cannot be read.</exception>
    public static KvArgument Read(string? text, ModelLocation model) => text?.ToLowerInvariant() switch
    {
        null or "f16" => new KvArgument(KvElement.F16, null),
        "f32" => new KvArgument(KvElement.F32, null),
        "q8" or "q4" or "low" or "med" or "high" => new KvArgument(KvElement.F16, KvCacheSetting.Parse(text.ToLowerInvariant(), model.Path, Window)),
        _ when File.Exists(text) || text.Contains(':', StringComparison.Ordinal) => new KvArgument(KvElement.F16, KvCacheSetting.Parse(text, model.Path, Window)),
        _ => throw new UsageException($"--kv: '{text}' is not allowed; it must be f16, f32, {KvCacheSetting.Allowed}."),
    };

    // SINK_TOKENS and RECENT_TOKENS, read where a compressed cache is asked for.
    private static ExactWindow Window => CompressionConfig.FromEnvironment().Window;
}
