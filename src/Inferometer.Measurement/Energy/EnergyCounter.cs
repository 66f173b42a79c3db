using System.Globalization;

namespace Inferometer.Measurement.Energy;

/// <summary>
/// One counter of the kernel's powercap interface (Documentation/power/powercap/powercap.rst): microjoules in <c>energy_uj</c>, which begin
/// at 0 again after <c>max_energy_range_uj</c>. Not thread-safe.
/// </summary>
internal sealed class EnergyCounter
{
    private readonly string _file;
    private readonly double _range;
    private double _last;
    private double _microjoules;

    /// <summary>A counter.</summary>
    /// <param name="folder">Its folder.</param>
    /// <param name="isMemory">It counts memory rather than a package.</param>
    /// <exception cref="UnauthorizedAccessException">The user may not read it.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public EnergyCounter(string folder, bool isMemory)
    {
        _file = Path.Combine(folder, "energy_uj");
        IsMemory = isMemory;
        _range = Number(Path.Combine(folder, "max_energy_range_uj"));
        _last = Number(_file);
    }

    /// <summary>It counts memory rather than a package.</summary>
    public bool IsMemory { get; }

    /// <summary>Joules since the counter was made, as of the last <see cref="Read"/>.</summary>
    public double Joules => _microjoules / 1e6;

    /// <summary>Reads it; to be done more often than it can go round once.</summary>
    public void Read()
    {
        double now = Number(_file);
        _microjoules += now >= _last ? now - _last : now - _last + _range;
        _last = now;
    }

    private static double Number(string file) => double.TryParse(
        File.ReadAllText(file), NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= 0
        ? value
        : throw new IOException($"{file} holds no number");
}
