using System.Globalization;
using Inferometer.Tests;

namespace Inferometer.Architecture.Tests;

/// <summary>
/// Lines of code end before column 140, so that two files fit side by side. Text of raw and verbatim strings (JSON, templates, patterns) is
/// let be: a break would change it.
/// </summary>
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
        string[] files =
        [
            .. Directory.EnumerateFiles(Path.Combine(SharedFolder.RepositoryRoot, folder), "*.cs", SearchOption.AllDirectories)
                .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)),
        ];
        Assert.NotEmpty(files);
        Assert.Empty(files.SelectMany(LongLines));
    }

    private static IEnumerable<string> LongLines(string file)
    {
        bool inRawText = false;
        int number = 0;
        foreach (string line in File.ReadLines(file))
        {
            number++;
            int marks = line.Split("\"\"\"").Length - 1;
            bool unbreakable = inRawText || marks > 0 || line.Contains("@\"", StringComparison.Ordinal);
            inRawText ^= marks % 2 == 1;
            if (!unbreakable && line.EnumerateRunes().Count() > Columns)
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"{file}:{number}: {line.EnumerateRunes().Count()} columns");
            }
        }
    }
}
