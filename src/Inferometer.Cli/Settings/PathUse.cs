namespace Inferometer.Cli.Settings;

/// <summary>What a text on the command line names, and so what can be wrong with it before any work begins.</summary>
internal enum PathUse
{
    /// <summary>A name out of a catalog, or perhaps a path: it must not be empty.</summary>
    Name,

    /// <summary>A file that is read.</summary>
    ReadFile,

    /// <summary>A file that is written, and replaced where it is there.</summary>
    WriteFile,

    /// <summary>A folder that is read.</summary>
    ReadFolder,

    /// <summary>A folder that is written into, and made where it is not there.</summary>
    WriteFolder,

    /// <summary>A model: a file or a folder. What a missing one could have meant is said by who looks for it.</summary>
    Model,
}
