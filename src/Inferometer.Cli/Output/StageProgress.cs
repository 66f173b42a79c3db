using System.Diagnostics;
using System.Globalization;

namespace Inferometer.Cli.Output;

/// <summary>
/// Says on standard error which stage of a long piece of work begins, and after how long, a line each: for work whose stages are few and
/// long, so that each is worth a line. On the thread that reports, and one after the other.
/// </summary>
/// <param name="printer">Where to.</param>
/// <param name="what">What is at work.</param>
internal sealed class StageProgress(Printer printer, string what) : IProgress<string>
{
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly Lock _lock = new();

    /// <inheritdoc/>
    public void Report(string value)
    {
        lock (_lock)
        {
            printer.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{what}: {value} ({Stopwatch.GetElapsedTime(_began).TotalSeconds:0} s)"));
        }
    }
}
