using Inferometer.Cli.Models;
using Inferometer.Compression;
using Inferometer.Compression.Cache;
using Inferometer.Compression.Configuration;
using Inferometer.Cpu.Kernels.Attention;

namespace Inferometer.Cli.Settings;

/// <summary>What <c>--kv</c> asks of the engine: exact keys and values in a number format, or a compressed cache.</summary>
/// <param name="Element">Number format of exact values.</param>
/// <param name="Compression">The compressed cache, or null for the exact one.</param>
internal sealed record KvArgument(KvElement Element, KvCacheSetting? Compression)
{
    /// <summary>The <c>--kv</c> option of commands that can run over a compressed cache.</summary>
    public static ValueOption<string> Option() => new(
        ["--kv"],
        KvValues.ForEngine,
        "How keys and values are cached: exact (f16, f32), compressed (q8, q4), or by a profile of 'inferometer compress build': a "
            + "level of the one beside the model, or FILE[:LEVEL].")
    { Fallback = "f16" };

    /// <summary>The <c>--kv</c> option of commands that run over exact keys and values.</summary>
    public static ValueOption<string> ExactOption() =>
        new(["--kv"], KvValues.ExactForEngine, "Number format of cached keys and values.") { Fallback = "f16" };

    /// <summary>What a value of one of these options asks for.</summary>
    /// <exception cref="Core.InferometerException">A profile that is not there or cannot be read.</exception>
    public static KvArgument Read(string value, ModelLocation model) => value is "f16" or "f32"
        ? new KvArgument(ElementOf(value), null)
        : new KvArgument(KvElement.F16, KvCacheSetting.Parse(value, model.Path, Window));

    /// <summary>The number format that a value of <see cref="ExactOption"/> names.</summary>
    public static KvElement ElementOf(string value) => value is "f32" ? KvElement.F32 : KvElement.F16;

    // SINK_TOKENS and RECENT_TOKENS, read where a compressed cache is asked for.
    private static ExactWindow Window => CompressionConfig.FromEnvironment().Window;
}
