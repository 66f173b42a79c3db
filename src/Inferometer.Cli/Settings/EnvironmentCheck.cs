using Inferometer.Core;
using Inferometer.Cpu.Kernels.Emitted;
using Inferometer.Gpu;

namespace Inferometer.Cli.Settings;

/// <summary>Environment variables that take words: a misspelt one would otherwise do nothing, without a word.</summary>
internal static class EnvironmentCheck
{
    private static readonly (string Name, string[] Allowed)[] s_variables =
    [
        (EmittedKernels.Variable, ["0", EmittedKernels.VectorsAlone]),
        (GpuRunnerProvider.EmulationVariable, ["emulated"]),
    ];

    /// <summary>Looks at them.</summary>
    /// <param name="read">The value of a variable; null or empty where it is not set.</param>
    /// <exception cref="InferometerException">One has a value that means nothing.</exception>
    public static void Require(Func<string, string?> read)
    {
        foreach ((string name, string[] allowed) in s_variables)
        {
            if (read(name) is { Length: > 0 } value && !allowed.Contains(value, StringComparer.Ordinal))
            {
                throw new InferometerException(
                    $"environment variable {name}: '{value}' means nothing. Allowed: {string.Join(", ", allowed)}, or not set.");
            }
        }
    }
}
