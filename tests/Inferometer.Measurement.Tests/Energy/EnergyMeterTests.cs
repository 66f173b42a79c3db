using Inferometer.Measurement.Energy;
using Inferometer.ReferenceModels;

namespace Inferometer.Measurement.Tests.Energy;

/// <summary>Energy read from a folder laid out as the kernel's powercap interface.</summary>
public sealed class EnergyMeterTests : IDisposable
{
    private const double Range = 262_143_328_850;

    private readonly TemporaryFolder _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void Packages_and_memory_are_counted_and_nothing_twice()
    {
        Zone("intel-rapl:0", "package-0", 1_000_000);
        Zone("intel-rapl:0:0", "core", 500_000);
        Zone("intel-rapl:0:1", "dram", 100_000);
        Zone("intel-rapl:1", "package-1", 7_000_000);
        Zone("intel-rapl:2", "psys", 9_000_000);
        Zone("intel-rapl-mmio:0", "package-0", 1_000_000);
        using var meter = EnergyMeter.Open(_root.Path);
        Assert.Null(meter.Refusal);
        Func<MeasuredEnergy?> taken = meter.Begin();
        Zone("intel-rapl:0", "package-0", 3_000_000);
        Zone("intel-rapl:0:0", "core", 900_000_000);
        Zone("intel-rapl:0:1", "dram", 600_000);
        Zone("intel-rapl:1", "package-1", 7_250_000);
        Zone("intel-rapl:2", "psys", 900_000_000);
        Zone("intel-rapl-mmio:0", "package-0", 900_000_000);

        MeasuredEnergy energy = taken()!;
        Assert.Equal((2.25, 0.5, 2.75), (Math.Round(energy.PackageJoules, 9), Math.Round(energy.DramJoules!.Value, 9),
            Math.Round(energy.Joules, 9)));
        Assert.Equal(energy.Joules / energy.Seconds, energy.Watts, 9);
        Assert.Contains("memory", energy.Covers, StringComparison.Ordinal);
    }

    [Fact]
    public void A_counter_that_begins_anew_is_followed_as_often_as_it_is_read()
    {
        Zone("intel-rapl:0", "package-0", Range - 1_000_000);
        using var meter = EnergyMeter.Open(_root.Path);
        Func<MeasuredEnergy?> taken = meter.Begin();
        Zone("intel-rapl:0", "package-0", 500_000);
        Assert.Equal(1.5, taken()!.Joules, 6);
        Zone("intel-rapl:0", "package-0", 400_000);
        Assert.Equal(1.5 + ((Range - 100_000) / 1e6), taken()!.Joules, 6);
        Assert.Null(taken()!.DramJoules);
        Assert.Contains("no counter of memory", taken()!.Covers, StringComparison.Ordinal);
    }

    [Fact]
    public void A_machine_without_counters_says_so_and_gives_nothing()
    {
        foreach (string root in (string[])[_root.Path, Path.Combine(_root.Path, "not-there")])
        {
            using var meter = EnergyMeter.Open(root);
            Assert.Contains("shows no energy counter", meter.Refusal, StringComparison.Ordinal);
            Assert.Contains(root, meter.Refusal, StringComparison.Ordinal);
            Assert.Null(meter.Begin()());
        }
    }

    [Fact]
    public void Memory_alone_is_not_taken_for_the_machine()
    {
        Zone("intel-rapl:0", "dram", 5);
        using var meter = EnergyMeter.Open(_root.Path);
        Assert.NotNull(meter.Refusal);
    }

    [Fact]
    public void A_counter_that_is_damaged_is_named()
    {
        Zone("intel-rapl:0", "package-0", 5);
        string file = Path.Combine(_root.Path, "intel-rapl:0", "energy_uj");
        File.WriteAllText(file, "much\n");
        using var meter = EnergyMeter.Open(_root.Path);
        Assert.Contains(file, meter.Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void A_counter_that_goes_away_takes_the_figure_with_it()
    {
        Zone("intel-rapl:0", "package-0", 5);
        using var meter = EnergyMeter.Open(_root.Path);
        Func<MeasuredEnergy?> taken = meter.Begin();
        File.Delete(Path.Combine(_root.Path, "intel-rapl:0", "energy_uj"));
        Assert.Null(taken());
    }

    [Fact]
    public void Who_may_not_read_a_counter_is_told_who_may()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess, "root reads every file");
        Zone("intel-rapl:0", "package-0", 5);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(Path.Combine(_root.Path, "intel-rapl:0", "energy_uj"), UnixFileMode.None);
        }

        using var meter = EnergyMeter.Open(_root.Path);
        Assert.Equal(EnergyMeter.Forbidden(_root.Path), meter.Refusal);
    }

    [Fact]
    public void What_is_said_of_a_counter_that_may_not_be_read_names_the_reason_and_the_remedy()
    {
        string said = EnergyMeter.Forbidden("/sys/class/powercap");
        Assert.Contains("root alone", said, StringComparison.Ordinal);
        Assert.Contains("chmod", said, StringComparison.Ordinal);
    }

    private void Zone(string folder, string name, double microjoules)
    {
        string path = Path.Combine(_root.Path, folder);
        Directory.CreateDirectory(path);
        File.WriteAllText(Path.Combine(path, "name"), name + "\n");
        File.WriteAllText(Path.Combine(path, "max_energy_range_uj"), FormattableString.Invariant($"{Range:0}\n"));
        File.WriteAllText(Path.Combine(path, "energy_uj"), FormattableString.Invariant($"{microjoules:0}\n"));
    }
}
