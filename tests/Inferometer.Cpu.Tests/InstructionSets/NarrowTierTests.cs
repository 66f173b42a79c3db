using System.Diagnostics;
using System.Runtime.InteropServices;
using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Tests.InstructionSets;

/// <summary>
/// Runs all kernel tests again in a child process without the wider instruction sets, so that every tier meets the same cases.
/// </summary>
public sealed class NarrowTierTests
{
    [Theory]
    [InlineData(EmittedKernels.Variable, "512-bit vectors without tiles", EmittedKernels.VectorsAlone)]
    [InlineData(EmittedKernels.Variable, "512-bit vectors without kernels of machine code")]
    [InlineData("DOTNET_EnableGFNI", "512-bit vectors without Galois-field products")]
    [InlineData("DOTNET_EnableAVXVNNI", "512-bit vectors without products of bytes that add up to 32 bits")]
    [InlineData("DOTNET_EnableAVX512", "256-bit vectors")]
    [InlineData("DOTNET_EnableAVX2", "128-bit vectors in the instructions of AVX")]
    [InlineData("DOTNET_EnableAVX", "128-bit vectors in the instructions of SSE")]
    [InlineData("DOTNET_EnableArm64Dp", "128-bit vectors without a dot product")]
    [InlineData("DOTNET_EnableHWIntrinsic", "plain code")]
    public async Task Kernels_pass_their_tests_without_wider_instructions(string setting, string tier, string value = "0")
    {
        bool forAny = string.Equals(setting, "DOTNET_EnableHWIntrinsic", StringComparison.Ordinal);
        Architecture architecture = setting.Contains("Arm64", StringComparison.Ordinal) ? Architecture.Arm64 : Architecture.X64;
        Assert.SkipUnless(
            forAny || RuntimeInformation.ProcessArchitecture == architecture, $"the setting is for {architecture} processors");
        ProcessStartInfo start = new("dotnet")
        {
            ArgumentList = { typeof(NarrowTierTests).Assembly.Location, "-namespace", "Inferometer.Cpu.Tests.Kernels", "-noColor" },
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // Kernels of machine code would stand in for what the other settings are to test.
        start.Environment[EmittedKernels.Variable] = "0";
        start.Environment[setting] = value;
        using Process child = Process.Start(start)!;
        Task<string> errors = child.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(child.ExitCode == 0, $"{tier} ({setting}={value}):\n{output}\n{await errors}");
        Assert.Matches("Total: [1-9][0-9]{2,}, Errors: 0, Failed: 0", output);
    }
}
