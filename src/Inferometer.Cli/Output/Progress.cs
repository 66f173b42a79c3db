using System.Diagnostics;
using System.Globalization;

namespace Inferometer.Cli.Output;

/// <summary>
/// Says on standard error how far a long piece of work has come: nothing in the first second, then at most once a second. Thread-safe.
/// </summary>
/// <param name="printer">Where to.</param>
/// <param name="what">What is counted.</param>
/// <param name="total">How many there will be; 0 = not known.</param>
internal sealed class Progress(Printer printer, string what, int total) : IDisposable
{
    private static readonly long Interval = Stopwatch.Frequency;
    private readonly Lock _lock = new();
    private long _next = Stopwatch.GetTimestamp() + Interval;
    private int _done;
    private bool _shown;

    /// <summary>One more piece is done.</summary>
    public void Advance()
    {
        int done = Interlocked.Increment(ref _done);
        if (done != total)
        {
            Show(() => string.Create(CultureInfo.InvariantCulture, $"{done}{(total > 0 ? $" of {total}" : "")}"));
        }
    }

    /// <summary>Work that is not counted in pieces has come so far. Shares that come late do not take it back.</summary>
    /// <param name="share">Of the whole, 0 to 1.</param>
    public void Report(double share)
    {
        int percent = (int)(share * 100), known = Volatile.Read(ref _done);
        while (percent > known && Interlocked.CompareExchange(ref _done, percent, known) is var found && found != known)
        {
            known = found;
        }

        if (percent > known && percent < 100)
        {
            Show(() => string.Create(CultureInfo.InvariantCulture, $"{percent} %"));
        }
    }

    private void Show(Func<string> far)
    {
        if (Stopwatch.GetTimestamp() < Volatile.Read(ref _next))
        {
            return;
        }

        lock (_lock)
        {
            long now = Stopwatch.GetTimestamp();
            if (now >= _next)
            {
                _next = now + Interval;
                string line = $"{what}: {far()}";
                printer.Error.Write(printer.ErrorIsTerminal ? "\r" + line : line + Environment.NewLine);
                _shown = true;
            }
        }
    }

    /// <summary>Clears the line on a terminal.</summary>
    public void Dispose()
    {
        if (_shown && printer.ErrorIsTerminal)
        {
            printer.Error.Write("\r" + new string(' ', what.Length + 30) + "\r");
        }
    }
}
