namespace Inferometer.Core;

/// <summary>
/// Says in this program's words why a file cannot be read or written: the runtime names the whole path again, and calls a folder a denied
/// access.
/// </summary>
public static class FileFault
{
    /// <summary>The reason, such as <c>there is no such file.</c></summary>
    /// <param name="error">What the runtime threw.</param>
    /// <param name="path">The path as it was given.</param>
    public static string Describe(Exception error, string path)
    {
        ArgumentNullException.ThrowIfNull(error);
        return error switch
        {
            FileNotFoundException => "there is no such file.",
            DirectoryNotFoundException => "its folder does not exist.",
            _ when Directory.Exists(path) => "it is a folder.",
            UnauthorizedAccessException => "access to it is denied.",
            PathTooLongException => "the path is too long.",
            _ => error.Message,
        };
    }
}
