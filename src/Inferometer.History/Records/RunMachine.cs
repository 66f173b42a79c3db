using System.Runtime.InteropServices;

namespace Inferometer.History.Records;

/// <summary>The machine that a run was taken on, or computed on.</summary>
/// <param name="Processor">Name of the processor.</param>
/// <param name="Cores">Logical processors that the program may use.</param>
/// <param name="MemoryBytes">Memory that the program may use, bytes.</param>
/// <param name="System">Operating system with its version.</param>
/// <param name="Architecture">Instruction set: x64, arm64.</param>
/// <param name="Runtime">The .NET runtime with its version.</param>
public sealed record RunMachine(string Processor, int Cores, long MemoryBytes, string System, string Architecture, string Runtime)
{
    /// <summary>This machine.</summary>
    public static RunMachine Current() => new(
        ProcessorName(), Environment.ProcessorCount, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, RuntimeInformation.OSDescription,
        RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant(), RuntimeInformation.FrameworkDescription);

    /// <summary>Name of the processor, as the system gives it; its architecture where it gives none.</summary>
    public static string ProcessorName()
    {
        const string path = "/proc/cpuinfo";
        string? line = File.Exists(path)
            ? File.ReadLines(path).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return line?.Split(':', 2)[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
