using System.Diagnostics;
using System.Globalization;
using Inferometer.Reports.Documents;
using Inferometer.Sweeps.Runs;

namespace Inferometer.Cli.Output;

/// <summary>
/// Says on standard error how far a sweep has come and how long it may still take: nothing in the first second, then once a second.
/// Thread-safe.
/// </summary>
internal sealed class SweepProgressLine(Printer printer) : IProgress<SweepProgress>, IDisposable
{
    private static readonly long Interval = Stopwatch.Frequency;
    private readonly Lock _lock = new();
    private long _next = Stopwatch.GetTimestamp() + Interval;
    private int _shown;

    /// <inheritdoc/>
    public void Report(SweepProgress value)
    {
        if (Stopwatch.GetTimestamp() < Volatile.Read(ref _next))
        {
            return;
        }

        lock (_lock)
        {
            long now = Stopwatch.GetTimestamp();
            if (now < _next)
            {
                return;
            }

            _next = now + Interval;
            string line = Line(value);
            printer.Error.Write(printer.ErrorIsTerminal ? "\r" + line.PadRight(_shown) : line + Environment.NewLine);
            _shown = Math.Max(_shown, line.Length);
        }
    }

    /// <summary>Clears the line on a terminal.</summary>
    public void Dispose()
    {
        if (_shown > 0 && printer.ErrorIsTerminal)
        {
            printer.Error.Write("\r" + new string(' ', _shown) + "\r");
        }
    }

    /// <summary>The line of a state.</summary>
    internal static string Line(SweepProgress value)
    {
        string detail = value.Detail.Length > 0 ? $", {value.Detail}" : "";
        string left = value.RemainingSeconds is { } seconds ? $", {Duration(seconds)} left" : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"sweep: {value.Done:#,0} of {value.Points:#,0} points ({100.0 * value.Done / value.Points:0} %), "
                + $"{Numbers.Short(value.PointsPerSecond)}/s{left}{detail}");
    }

    /// <summary>A time in the two units that say most of it.</summary>
    internal static string Duration(double seconds)
    {
        long whole = (long)Math.Ceiling(seconds);
        return whole switch
        {
            < 60 => string.Create(CultureInfo.InvariantCulture, $"{whole} s"),
            < 3600 => string.Create(CultureInfo.InvariantCulture, $"{whole / 60} min {whole % 60} s"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{whole / 3600} h {whole / 60 % 60} min"),
        };
    }
}
