namespace Inferometer.History.Records;

/// <summary>The commit of the git tree that a folder lies in, read from git's own files: git need not be there.</summary>
public static class GitTree
{
    private const string Reference = "ref: ";
    private const string Elsewhere = "gitdir: ";

    /// <summary>The commit that is checked out, 40 or 64 hexadecimal digits; null = no tree, or none that can be read.</summary>
    /// <param name="folder">A folder of the tree.</param>
    public static string? CommitAt(string folder)
    {
        try
        {
            for (DirectoryInfo? at = new(folder); at is not null; at = at.Parent)
            {
                string git = Path.Combine(at.FullName, ".git");
                if (Directory.Exists(git))
                {
                    return Head(git);
                }

                if (File.Exists(git) && Line(git) is { } line && line.StartsWith(Elsewhere, StringComparison.Ordinal))
                {
                    return Head(Path.GetFullPath(line[Elsewhere.Length..], at.FullName)); // a worktree or a submodule
                }
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // What a run is kept with beside its figures is no reason not to keep it.
        }

        return null;
    }

    private static string? Head(string git)
    {
        string? head = Line(Path.Combine(git, "HEAD"));
        if (head is null || !head.StartsWith(Reference, StringComparison.Ordinal))
        {
            return Checked(head);
        }

        string name = head[Reference.Length..];
        string common = Line(Path.Combine(git, "commondir")) is { } other ? Path.GetFullPath(other, git) : git;
        return Checked(Line(Path.Combine(git, name)) ?? Line(Path.Combine(common, name)) ?? Packed(common, name));
    }

    private static string? Packed(string git, string name)
    {
        string file = Path.Combine(git, "packed-refs");
        return File.Exists(file)
            ? File.ReadLines(file).FirstOrDefault(l => l.EndsWith(" " + name, StringComparison.Ordinal))?.Split(' ')[0]
            : null;
    }

    private static string? Line(string file) => File.Exists(file) ? File.ReadLines(file).FirstOrDefault()?.Trim() : null;

    private static string? Checked(string? commit) =>
        commit is { Length: 40 or 64 } && commit.All(char.IsAsciiHexDigitLower) ? commit : null;
}
