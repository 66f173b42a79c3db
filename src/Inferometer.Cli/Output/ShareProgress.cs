using System.Diagnostics;
using System.Globalization;

namespace Inferometer.Cli.Output;

/// <summary>
/// Says on standard error what share of a long piece of work is done: nothing in the first second, then at most once a second. For one
/// thread.
/// </summary>
internal sealed class ShareProgress(Printer printer, string what) : IDisposable
{
    private static readonly long Interval = Stopwatch.Frequency;
    private long _next = Stopwatch.GetTimestamp() + Interval;
    private int _shown;

    /// <summary>Takes note of progress.</summary>
    /// <param name="share">Share done, 0 to 1.</param>
    /// <param name="detail">What is at work now, or empty.</param>
    public void Report(double share, string detail = "")
    {
        long now = Stopwatch.GetTimestamp();
        if (now < _next)
        {
            return;
        }

        _next = now + Interval;
        string line = string.Create(CultureInfo.InvariantCulture, $"{what}: {100 * share:0} %{(detail.Length > 0 ? ", " + detail : "")}");
        printer.Error.Write(printer.ErrorIsTerminal ? "\r" + line.PadRight(_shown) : line + Environment.NewLine);
        _shown = Math.Max(_shown, line.Length);
    }

    /// <summary>Hands reports of another kind on, on the thread that makes them.</summary>
    public IProgress<T> From<T>(Func<T, (double Share, string Detail)> read) => new Relay<T>(this, read);

    /// <summary>Clears the line on a terminal.</summary>
    public void Dispose()
    {
        if (_shown > 0 && printer.ErrorIsTerminal)
        {
            printer.Error.Write("\r" + new string(' ', _shown) + "\r");
        }
    }

    private sealed class Relay<T>(ShareProgress progress, Func<T, (double Share, string Detail)> read) : IProgress<T>
    {
        public void Report(T value)
        {
            (double share, string detail) = read(value);
            progress.Report(share, detail);
        }
    }
}
