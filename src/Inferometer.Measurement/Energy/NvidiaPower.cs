using System.Diagnostics;
using System.Globalization;

namespace Inferometer.Measurement.Energy;

/// <summary>
/// Power of the NVIDIA devices of this machine, as <c>nvidia-smi --query-gpu=power.draw</c> gives it several times a second, summed up to
/// energy: between two readings by the mean of both. The driver's own figure is a mean over the last second on recent devices, so that
/// what takes less than some seconds is blurred. Thread-safe.
/// </summary>
internal sealed class NvidiaPower : IDisposable
{
    private const string Program = "nvidia-smi";
    private const int BetweenReadingsMs = 200;
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(20); // a driver that is not kept loaded takes seconds

    private readonly Lock _lock = new();
    private readonly Dictionary<int, Reading> _readings = [];
    private readonly Process _process;
    private readonly ManualResetEventSlim _first = new();
    private string? _fault;

    private NvidiaPower(Process process, string[] names)
    {
        (_process, Names) = (process, names);
        process.OutputDataReceived += (_, line) => Take(line.Data);
        process.BeginOutputReadLine();
    }

    /// <summary>Names of the devices, in order of their numbers.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Why it reads no more; null = it does.</summary>
    public string? Fault => Volatile.Read(ref _fault);

    /// <summary>Begins to read.</summary>
    /// <param name="path">Folders in which the program is looked for, as <c>PATH</c> has them.</param>
    /// <param name="refusal">Why it cannot, a sentence without its full stop; empty where it can.</param>
    /// <returns>Null where it cannot.</returns>
    public static NvidiaPower? Open(string path, out string refusal)
    {
        string? file = path.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(folder => new[] { Path.Combine(folder, Program), Path.Combine(folder, Program + ".exe") })
            .FirstOrDefault(File.Exists);
        if (file is null)
        {
            refusal = $"there is no {Program} on PATH, which reads the power of NVIDIA devices";
            return null;
        }

        try
        {
            string[] names = NamesOf(file);
            NvidiaPower power = new(Start(file, ["--query-gpu=index,power.draw", "-lms", $"{BetweenReadingsMs}"]), names);
            if (!power._first.Wait(LongestAnswer) || power.Fault is not null)
            {
                power.Dispose();
                throw new IOException(power.Fault ?? "it gives no readings");
            }

            refusal = "";
            return power;
        }
        catch (Exception error) when (error is IOException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            refusal = $"{Program}: {error.Message}";
            return null;
        }
    }

    /// <summary>Energy of all devices since it was opened, joules, at the power that was read last.</summary>
    /// <param name="at">
    /// As of when, by <see cref="Stopwatch.GetTimestamp"/>: the caller's, since a thread may be held up between its clock and this one.
    /// </param>
    public double Joules(long at)
    {
        lock (_lock)
        {
            return _readings.Values.Sum(r => r.Joules + (r.Watts * Stopwatch.GetElapsedTime(r.At, at).TotalSeconds));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }

        _process.Dispose();
    }

    // Every device must give its power: the energy of some of them would be taken for that of all.
    private static string[] NamesOf(string file)
    {
        using Process process = Start(file, ["--query-gpu=index,name,power.draw"]);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(LongestAnswer))
        {
            process.Kill(entireProcessTree: true);
            throw new IOException("it does not answer");
        }

        string[] lines = output.GetAwaiter().GetResult()
            .Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (process.ExitCode != 0 || lines.Length == 0)
        {
            throw new IOException(lines.Length > 0 ? lines[0] : "it lists no device");
        }

        foreach (string line in lines)
        {
            if (line.Split(", ") is not [_, var name, var watts] || Watts(watts) is null)
            {
                throw new IOException(
                    line.Split(", ") is [_, var silent, var said]
                        ? $"it gives no power of {silent} ('{said}')"
                        : $"'{line}' is no reading");
            }
        }

        return [.. lines.Select(l => l.Split(", ")[1])];
    }

    private static Process Start(string file, string[] words) => Process.Start(
        new ProcessStartInfo(file, [.. words, "--format=csv,noheader,nounits"]) { UseShellExecute = false, RedirectStandardOutput = true })
        ?? throw new IOException("it cannot be started");

    private static double? Watts(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double watts) && watts >= 0 ? watts : null;

    private void Take(string? line)
    {
        if (line is { Length: 0 })
        {
            return;
        }

        long now = Stopwatch.GetTimestamp();
        if (line?.Split(", ") is [var number, var text]
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int device)
            && Watts(text) is { } watts)
        {
            lock (_lock)
            {
                _readings[device] = _readings.TryGetValue(device, out Reading? last)
                    ? new Reading(
                        now, watts, last.Joules + ((last.Watts + watts) / 2 * Stopwatch.GetElapsedTime(last.At, now).TotalSeconds))
                    : new Reading(now, watts, 0);
                if (_readings.Count == Names.Count)
                {
                    _first.Set();
                }
            }

            return;
        }

        Volatile.Write(ref _fault, line is null ? "it has ended" : $"'{line}' is no reading");
        _first.Set();
    }

    private sealed record Reading(long At, double Watts, double Joules);
}
