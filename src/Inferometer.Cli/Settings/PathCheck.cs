using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Core;

namespace Inferometer.Cli.Settings;

/// <summary>Looks at every file and folder that a command line names before its command runs, so that no command has to.</summary>
internal static class PathCheck
{
    /// <summary>Checks what was given.</summary>
    /// <exception cref="UsageException">A path is empty, or cannot be one.</exception>
    /// <exception cref="InferometerException">A file is not there, is a folder, or the other way round.</exception>
    public static void Require(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        foreach (IPathInput input in command.Arguments.OfType<IPathInput>().Concat(command.Options.OfType<IPathInput>()))
        {
            if (input.Of(parsed) is { } path)
            {
                Require(input, path);
                if (input is Option option && input.Use == PathUse.WriteFile && parsed.IsGiven(option))
                {
                    RequireWritable(input, path);
                }
            }
        }
    }

    private static void Require(IPathInput input, string path)
    {
        if (string.IsNullOrWhiteSpace(path))
        {
            throw new UsageException(
                $"{input.Label}: the {(input.Use == PathUse.Name ? "name" : "path")} is empty; it must be {Wanted(input.Use)}.");
        }

        string? fault = input.Use switch
        {
            PathUse.ReadFile or PathUse.ReadFolder or PathUse.Model when BrokenLink(path) is { } broken => broken,
            PathUse.ReadFile when Directory.Exists(path) => "is a folder; it must be a file",
            PathUse.ReadFile when !File.Exists(path) => "cannot be read: there is no such file",
            PathUse.WriteFile when Directory.Exists(path) => "is a folder; it must be the name of a file",
            PathUse.WriteFile when Path.GetDirectoryName(path) is { Length: > 0 } folder && !Directory.Exists(folder) =>
                "cannot be written: its folder does not exist",
            PathUse.ReadFolder when File.Exists(path) => "is a file; it must be a folder",
            PathUse.WriteFolder when File.Exists(path) => "is a file; it must be a folder, or a name that is free for one",
            _ => null,
        };
        if (fault is not null)
        {
            throw new InferometerException($"{input.Label}: '{path}' {fault}.");
        }
    }

    // A file that is there is left alone: it may be a pipe, which ends when whoever opened it closes it. What a link leads
    // to is left alone too.
    private static void RequireWritable(IPathInput input, string path)
    {
        if (Path.Exists(path) || new FileInfo(path).LinkTarget is not null)
        {
            return;
        }

        try
        {
            using (new FileStream(path, FileMode.CreateNew))
            {
            }

            File.Delete(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            string why = fault is UnauthorizedAccessException ? "nothing may be written in its folder" : "its folder takes no new files";
            throw new InferometerException($"{input.Label}: '{path}' cannot be written to: {why}.", fault);
        }
    }

    // A link that leads nowhere counts as a file that is there, until it is opened.
    private static string? BrokenLink(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true) is { } target && !Path.Exists(target.FullName)
                ? $"is a link to '{target.FullName}', which does not exist"
                : null;
        }
        catch (IOException)
        {
            return Path.Exists(path) ? "is a link that leads back to itself" : null;
        }
    }

    private static string Wanted(PathUse use) => use switch
    {
        PathUse.Name => "a known name, or a path where one is taken",
        PathUse.Model => "a .gguf file or a Hugging Face folder",
        PathUse.ReadFolder or PathUse.WriteFolder => "a folder",
        _ => "a file",
    };
}
