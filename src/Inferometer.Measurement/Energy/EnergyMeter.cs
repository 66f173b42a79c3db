using System.Diagnostics;
using System.Globalization;

namespace Inferometer.Measurement.Energy;

/// <summary>
/// Reads the energy counters of this machine's processors (RAPL of Intel and AMD) from the kernel's powercap interface, and, where it is
/// asked to, the power of its NVIDIA devices through <c>nvidia-smi</c>. Where nothing can be read, <see cref="Refusal"/> says why and
/// nothing is measured: no power is assumed in its place. Thread-safe.
/// </summary>
public sealed class EnergyMeter : IDisposable
{
    /// <summary>Where Linux shows the counters.</summary>
    public const string DefaultRoot = "/sys/class/powercap";

    // The smallest range is that of 32 bits of 15.3 uJ: 65 kJ, six minutes at 180 W and one at 1 kW.
    private static readonly TimeSpan BetweenReadings = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly EnergyCounter[] _counters;
    private readonly NvidiaPower? _devices;
    private readonly Timer? _timer;
    private string? _fault;

    private EnergyMeter(EnergyCounter[] counters, string? refusal, NvidiaPower? devices = null)
    {
        (_counters, Refusal, _devices) = (counters, refusal, devices);
        _timer = counters.Length > 0 ? new Timer(_ => Read(), null, BetweenReadings, BetweenReadings) : null;
    }

    /// <summary>Why nothing can be measured, a sentence without its full stop; null = it can.</summary>
    public string? Refusal { get; }

    /// <summary>Looks for the counters of the processors, and for NVIDIA devices, whose power is read from now on.</summary>
    /// <param name="root">Folder of the powercap interface.</param>
    /// <param name="path">Folders in which <c>nvidia-smi</c> is looked for; null = those of <c>PATH</c>.</param>
    public static EnergyMeter OpenWithDevices(string root = DefaultRoot, string? path = null)
    {
        EnergyMeter processors = Open(root);
        NvidiaPower? devices = NvidiaPower.Open(path ?? Environment.GetEnvironmentVariable("PATH") ?? "", out string why);
        if (devices is null)
        {
            string? refusal = processors.Refusal is { } both ? $"{both}; {why}" : null;
            processors.Dispose();
            return new EnergyMeter(processors._counters, refusal);
        }

        processors.Dispose();
        return new EnergyMeter(processors._counters, null, devices);
    }

    /// <summary>Looks for the counters of the processors alone.</summary>
    /// <param name="root">Folder of the powercap interface.</param>
    public static EnergyMeter Open(string root = DefaultRoot)
    {
        ArgumentNullException.ThrowIfNull(root);
        List<EnergyCounter> counters = [];
        try
        {
            if (Directory.Exists(root))
            {
                foreach (string zone in Zones(root))
                {
                    counters.Add(new EnergyCounter(zone, NameOf(zone) is "dram"));
                }
            }
        }
        catch (UnauthorizedAccessException)
        {
            return new EnergyMeter([], Forbidden(root));
        }
        catch (IOException error)
        {
            return new EnergyMeter([], $"an energy counter under {root} cannot be read: {error.Message}");
        }

        return counters.Exists(c => !c.IsMemory)
            ? new EnergyMeter([.. counters], null)
            : new EnergyMeter([], $"this machine shows no energy counter of its processors under {root} (virtual machines show none)");
    }

    internal static string Forbidden(string root) =>
        $"the energy counters under {root} may be read by root alone, since they tell on other programs (CVE-2020-8694); "
            + $"'sudo chmod a+r {root}/intel-rapl:*/energy_uj {root}/intel-rapl:*/*/energy_uj' lets everybody";

    /// <summary>Begins to measure.</summary>
    /// <returns>Gives the energy since now; null where nothing can be measured, or a counter could not be read meanwhile.</returns>
    public Func<MeasuredEnergy?> Begin()
    {
        if (_counters.Length == 0 && _devices is null)
        {
            return static () => null;
        }

        (double? packages, double? memory) = Read();
        long start = Stopwatch.GetTimestamp();
        double? devices = _devices?.Joules(start);
        return () =>
        {
            long end = Stopwatch.GetTimestamp();
            (double? packagesNow, double? memoryNow) = Read();
            double? devicesNow = _devices?.Joules(end);
            return (_fault ?? _devices?.Fault) is null
                ? new MeasuredEnergy(packagesNow - packages, memoryNow - memory, Stopwatch.GetElapsedTime(start, end).TotalSeconds)
                {
                    DeviceJoules = devicesNow - devices,
                    Devices = _devices is null ? null : DevicesOf(_devices),
                }
                : null;
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer?.Dispose();
        _devices?.Dispose();
    }

    private static string DevicesOf(NvidiaPower power) => string.Join(
        " and ", power.Names.GroupBy(n => n, StringComparer.Ordinal)
            .Select(g => g.Count() > 1 ? string.Create(CultureInfo.InvariantCulture, $"{g.Count()} x {g.Key}") : g.Key));

    // Packages and the memory below them. What else there is counts the same again: cores, graphics, the platform (psys), and the packages
    // a second time (intel-rapl-mmio).
    private static IEnumerable<string> Zones(string root)
    {
        foreach (string zone in Directory.EnumerateDirectories(root, "intel-rapl:*").Order(StringComparer.Ordinal))
        {
            string name = NameOf(zone);
            if (name.StartsWith("package", StringComparison.Ordinal) || name is "dram")
            {
                yield return zone;
            }
        }
    }

    private static string NameOf(string zone) => File.ReadAllText(Path.Combine(zone, "name")).Trim();

    private (double? Packages, double? Memory) Read()
    {
        lock (_lock)
        {
            try
            {
                foreach (EnergyCounter counter in _counters)
                {
                    counter.Read();
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                _fault = error.Message;
            }

            return (
                _counters.Any(c => !c.IsMemory) ? _counters.Where(c => !c.IsMemory).Sum(c => c.Joules) : null,
                _counters.Any(c => c.IsMemory) ? _counters.Where(c => c.IsMemory).Sum(c => c.Joules) : null);
        }
    }
}
