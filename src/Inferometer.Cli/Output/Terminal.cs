using System.Globalization;
using System.Runtime.InteropServices;
using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Output;

/// <summary>What is known of the terminal behind a writer: whether there is one, how wide it is, and whether it shows colour.</summary>
internal static class Terminal
{
    private const int LeastWidth = 20;
    private const int StandardOutput = -11;
    private const uint VirtualTerminal = 0x0004;

    /// <summary>The surface for pages written to <paramref name="output"/>.</summary>
    public static ISurface SurfaceOf(TextWriter output) =>
        IsTerminal(output) && ShowsColour() ? new AnsiSurface(output, WidthOf(output)) : new PlainSurface(output, WidthOf(output));

    /// <summary>
    /// Characters in a line of standard output: what the variable COLUMNS says, else the width of the terminal; null = no limit, or not
    /// standard output.
    /// </summary>
    public static int? WidthOf(TextWriter output)
    {
        if (!ReferenceEquals(output, Console.Out))
        {
            return null;
        }

        return int.TryParse(Environment.GetEnvironmentVariable("COLUMNS"), NumberStyles.None, CultureInfo.InvariantCulture, out int given)
            && given > 0
            ? Math.Max(LeastWidth, given)
            : Console.IsOutputRedirected || Console.WindowWidth <= 0 ? null : Math.Max(LeastWidth, Console.WindowWidth);
    }

    private static bool IsTerminal(TextWriter output) => ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;

    /// <summary>Whether escape sequences are understood and wanted.</summary>
    /// <remarks>See https://no-color.org; a dumb terminal is one that says of itself that it knows none.</remarks>
    public static bool ShowsColour() =>
        string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
        && Environment.GetEnvironmentVariable("TERM") is not "dumb"
        && (!OperatingSystem.IsWindows() || TurnOnEscapeSequences());

    // Consoles of Windows understand escape sequences only once they are asked to.
    private static bool TurnOnEscapeSequences()
    {
        nint handle = GetStdHandle(StandardOutput);
        return GetConsoleMode(handle, out uint mode) && ((mode & VirtualTerminal) != 0 || SetConsoleMode(handle, mode | VirtualTerminal));
    }

    [DllImport("kernel32.dll"), DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern nint GetStdHandle(int which);

    [DllImport("kernel32.dll"), DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool GetConsoleMode(nint handle, out uint mode);

    [DllImport("kernel32.dll"), DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool SetConsoleMode(nint handle, uint mode);
}
