using Inferometer.Tests;

namespace Inferometer.Architecture.Tests;

/// <summary>The projects under src and what each may use, as docs/architecture.md draws them.</summary>
internal static class Rooms
{
    /// <summary>Every room with the rooms it may use, those below them included.</summary>
    public static IReadOnlyDictionary<string, string[]> MayUse { get; } = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["Core"] = [],
        ["Scheduling"] = ["Core"],
        ["Serving"] = ["Core", "Scheduling"],
        ["Simulation"] = ["Core", "Scheduling", "Serving"],
        ["Planning"] = ["Core", "Scheduling", "Serving", "Simulation"],
        ["ModelFiles"] = ["Core"],
        ["Runners"] = ["Core"],
        ["Cpu"] = ["Core", "ModelFiles", "Runners"],
        ["Inference"] = ["Core", "ModelFiles", "Runners", "Cpu", "Scheduling", "Serving"],
        ["Compression"] = ["Core", "ModelFiles", "Runners", "Cpu", "Inference"],
        ["Measurement"] = ["Core", "Scheduling", "Serving", "Simulation", "ModelFiles", "Runners", "Cpu", "Inference", "Compression"],
        ["History"] =
        [
            "Core", "Scheduling", "Serving", "Simulation", "ModelFiles", "Runners", "Cpu", "Inference", "Compression", "Measurement",
        ],
        ["Reports"] =
        [
            "Core", "Scheduling", "Serving", "Simulation", "Planning", "ModelFiles", "Runners", "Cpu", "Inference", "Compression",
                "Measurement", "History",
        ],
        ["Server"] =
        [
            "Core", "Scheduling", "Serving", "Simulation", "Planning", "ModelFiles", "Runners", "Cpu", "Inference", "Compression",
                "Measurement", "History", "Reports",
        ],
        ["Sweeps"] =
        [
            "Core", "Scheduling", "Serving", "Simulation", "Planning", "ModelFiles", "Runners", "Cpu", "Inference", "Compression",
                "Measurement", "History", "Reports",
        ],
        ["Cli"] =
        [
            "Core", "Scheduling", "Serving", "Simulation", "Planning", "ModelFiles", "Runners", "Cpu", "Inference", "Compression",
                "Measurement", "History", "Reports", "Server", "Sweeps",
        ],
    };

    /// <summary>Libraries, whose public surface is kept.</summary>
    public static IEnumerable<string> Libraries => MayUse.Keys.Where(room => room is not "Cli");

    /// <summary>The built assembly of a room.</summary>
    public static string AssemblyPath(string room) =>
        Path.Combine(AppContext.BaseDirectory, room is "Cli" ? "inferometer.dll" : $"Inferometer.{room}.dll");

    /// <summary>Rooms found on the disk.</summary>
    public static IEnumerable<string> OnDisk =>
        Directory.EnumerateFiles(Path.Combine(SharedFolder.RepositoryRoot, "src"), "Inferometer.*.csproj", SearchOption.AllDirectories)
            .Select(path => Path.GetFileNameWithoutExtension(path)["Inferometer.".Length..]);
}
