namespace Inferometer.Cli.Hosting;

/// <summary>How the program is started again: for measurements in a process of their own, and on the nodes of a cluster.</summary>
internal static class ThisProgram
{
    private const string Name = "inferometer";

    /// <summary>File and first arguments: a program of its own, or an assembly run by dotnet.</summary>
    public static IReadOnlyList<string> Command
    {
        get
        {
            string running = Environment.ProcessPath ?? "";
            string name = Path.GetFileNameWithoutExtension(running);
            if (string.Equals(name, Name, StringComparison.OrdinalIgnoreCase))
            {
                return [running];
            }

            bool isHost = string.Equals(name, "dotnet", StringComparison.OrdinalIgnoreCase);
            return [isHost ? running : "dotnet", Path.Combine(AppContext.BaseDirectory, Name + ".dll")];
        }
    }
}
