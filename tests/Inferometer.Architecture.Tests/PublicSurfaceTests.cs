using System.Reflection;
using Inferometer.Tests;
using PublicApiGenerator;

namespace Inferometer.Architecture.Tests;

/// <summary>
/// The public surface of each library stands in a text file, so that a change of it is seen in review. After a change that is meant, run
/// this test once with <c>INFEROMETER_WRITE_SURFACE=1</c>: it writes the files anew.
/// </summary>
public sealed class PublicSurfaceTests
{
    private static readonly ApiGeneratorOptions Options = new()
    {
        IncludeAssemblyAttributes = false,
        ExcludeAttributes =
        [
            "System.Runtime.CompilerServices.CompilerGeneratedAttribute", "System.Diagnostics.DebuggerDisplayAttribute",
            "System.Runtime.CompilerServices.AsyncStateMachineAttribute", "System.CodeDom.Compiler.GeneratedCodeAttribute",
        ],
    };

    public static TheoryData<string> Libraries => [.. Rooms.Libraries];

    [Theory]
    [MemberData(nameof(Libraries))]
    public void The_public_surface_is_the_one_written_down(string room)
    {
        string surface = Assembly.LoadFrom(Rooms.AssemblyPath(room)).GeneratePublicApi(Options).ReplaceLineEndings("\n") + "\n";
        string file = Path.Combine(
            SharedFolder.RepositoryRoot, "tests", "Inferometer.Architecture.Tests", "PublicSurface", $"Inferometer.{room}.txt");
        if (Environment.GetEnvironmentVariable("INFEROMETER_WRITE_SURFACE") is "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, surface);
        }

        string[] written = File.Exists(file) ? File.ReadAllText(file).Split('\n') : [];
        string[] lines = surface.Split('\n');
        Assert.True(
            written.SequenceEqual(lines, StringComparer.Ordinal),
            $"the public surface of {room} is another than {file} says; "
                + $"gone:\n{Listed(written.Except(lines))}\nnew:\n{Listed(lines.Except(written))}\n"
                + "If that is meant, run this test once with INFEROMETER_WRITE_SURFACE=1 and commit the file.");
    }

    private static string Listed(IEnumerable<string> lines) => string.Join('\n', lines.Take(40));
}
