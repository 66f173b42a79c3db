using System.Text.RegularExpressions;
using Inferometer.Tests;

namespace Inferometer.Architecture.Tests;

/// <summary>docs/library.md shows the programs of samples/ as they are; the project's checks compile and run them.</summary>
public sealed partial class SampleTests
{
    [Fact]
    public void The_page_shows_every_sample_as_it_is()
    {
        string page = File.ReadAllText(Path.Combine(SharedFolder.RepositoryRoot, "docs", "library.md"));
        Dictionary<string, string> shown = Shown().Matches(page)
            .ToDictionary(match => match.Groups["name"].Value, match => match.Groups["code"].Value, StringComparer.Ordinal);
        string[] files = Directory.GetFiles(Path.Combine(SharedFolder.RepositoryRoot, "samples"), "*.cs");
        Assert.Equal(files.Select(Path.GetFileName).Order(), shown.Keys.Order());
        Assert.All(files, file => Assert.Equal(File.ReadAllText(file), shown[Path.GetFileName(file)]));
    }

    [GeneratedRegex("""\[samples/(?<name>\w+\.cs)\]\(\.\./samples/\k<name>\)\n\n```csharp\n(?<code>.*?)```""", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Shown();
}
