using System.Globalization;
using Inferometer.Tests;

namespace Inferometer.Architecture.Tests;

/// <summary>Lines of code end before column 140, so that two files fit side by side. Text that cannot be broken without changing it is let be.</summary>
public sealed class LineLengthTests
{
    private const int Columns = 140;

    [Theory]
    [InlineData("src")]
    [InlineData("tests")]
    [InlineData("benchmarks")]
    [InlineData("samples")]
    public void Lines_fit_the_page(string folder)
    {
        IEnumerable<string> files = Directory.EnumerateFiles(Path.Combine(SharedFolder.RepositoryRoot, folder), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));
        Assert.Empty(files.SelectMany(LongLines));
    }

    private static IEnumerable<string> LongLines(string file)
    {
        bool inRawText = false;
        int number = 0;
        foreach (string line in File.ReadLines(file))
        {
            number++;
            bool holdsText = inRawText || line.Contains('"', StringComparison.Ordinal);
            inRawText ^= line.Split("\"\"\"").Length % 2 == 0;
            if (line.Length > Columns && !holdsText)
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"{file}:{number}: {line.Length} columns");
            }
        }
    }
}
