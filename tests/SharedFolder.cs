using System.Reflection;

namespace Inferometer.Tests;

/// <summary>
/// Finds the repository and the folder of reference data beside it; tests that need the latter skip with the reason where it is missing.
/// </summary>
internal static class SharedFolder
{
    /// <summary>Root of the checkout.</summary>
    public static string RepositoryRoot { get; } = typeof(SharedFolder).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(a => string.Equals(a.Key, "RepositoryRoot", StringComparison.Ordinal)).Value!;

    /// <summary>Full path of a file or folder in <c>../shared</c>; skips the calling test when it is not there.</summary>
    public static string Require(string relativePath)
    {
        string path = Path.GetFullPath(Path.Combine(RepositoryRoot, "..", "shared", relativePath));
        Assert.SkipUnless(Path.Exists(path), $"reference data '../shared/{relativePath}' is not beside this checkout");
        return path;
    }
}
