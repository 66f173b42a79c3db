namespace Inferometer.Cli.Commands;

/// <summary>The <c>--search</c> option of lists: every word must occur somewhere, case ignored; hyphens and underscores are one.</summary>
internal sealed class TextFilter(string? text)
{
    private readonly string[] _words = Fold(text ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);

    public bool Matches(params IEnumerable<string> fields)
    {
        string all = Fold(string.Join('\n', fields));
        return _words.All(word => all.Contains(word, StringComparison.Ordinal));
    }

    private static string Fold(string text) => text.Replace('_', '-').ToLowerInvariant();
}
