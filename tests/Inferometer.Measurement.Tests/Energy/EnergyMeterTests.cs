using Inferometer.Measurement.Energy;
using Inferometer.ReferenceModels;

namespace Inferometer.Measurement.Tests.Energy;

/// <summary>Energy read from a folder laid out as the kernel's powercap interface.</summary>
public sealed class EnergyMeterTests : IDisposable
{
    private const double Range = 262_143_328_850;

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

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
        Assert.Equal((2.25, 0.5, 2.75), (Math.Round(energy.PackageJoules!.Value, 9), Math.Round(energy.DramJoules!.Value, 9),
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

    [Fact]
    public void Power_of_devices_is_summed_up_beside_the_processors_counters()
    {
        Zone("intel-rapl:0", "package-0", 1_000_000);
        using var meter = EnergyMeter.OpenWithDevices(
            _root.Path, Smi("0, NVIDIA H100, 300.00;1, NVIDIA H100, 20.50", "0, 300.00;1, 20.50"));
        Assert.Null(meter.Refusal);
        Func<MeasuredEnergy?> taken = meter.Begin();
        Zone("intel-rapl:0", "package-0", 3_000_000);
        MeasuredEnergy energy = Once(taken, joules: 50);

        // The script says the same power at all times: whatever the readings' times, the energy is power times time.
        Assert.Equal(320.5, energy.DeviceJoules!.Value / energy.Seconds, 0.05);
        Assert.Equal(2, energy.PackageJoules!.Value, 9);
        Assert.Equal(energy.DeviceJoules.Value + 2, energy.Joules, 9);
        Assert.Equal("2 x NVIDIA H100; processor packages; no counter of memory", energy.Covers);
    }

    [Fact]
    public void Devices_are_measured_where_the_processors_cannot_be()
    {
        using var meter = EnergyMeter.OpenWithDevices(_root.Path, Smi("0, NVIDIA L4, 30.00", "0, 30.00"));
        Assert.Null(meter.Refusal);
        Func<MeasuredEnergy?> taken = meter.Begin();
        MeasuredEnergy energy = Once(taken, joules: 5);
        Assert.Equal(30, energy.Watts, 0.005);
        Assert.Null(energy.PackageJoules);
        Assert.Equal("NVIDIA L4; no counter of processors", energy.Covers);
    }

    [Theory]
    [InlineData("0, NVIDIA L4, 30.00;1, Quadro K620, [N/A]", "0, 30.00", "it gives no power of Quadro K620 ('[N/A]')")]
    [InlineData("NVIDIA-SMI has failed because it could not communicate with the driver.", "", "is no reading")]
    [InlineData("", "", "it lists no device")]
    [InlineData("0, NVIDIA L4, 30.00", "", "it has ended")]
    public void Why_devices_are_not_measured_is_said(string listed, string readings, string why)
    {
        using var meter = EnergyMeter.OpenWithDevices(_root.Path, Smi(listed, readings));
        Assert.Contains("shows no energy counter", meter.Refusal, StringComparison.Ordinal);
        Assert.Contains("nvidia-smi: ", meter.Refusal, StringComparison.Ordinal);
        Assert.Contains(why, meter.Refusal, StringComparison.Ordinal);
        Assert.Null(meter.Begin()());
    }

    [Fact]
    public void Without_the_program_only_the_processors_are_measured()
    {
        string nowhere = _root.Create("empty");
        using (var none = EnergyMeter.OpenWithDevices(_root.Path, nowhere))
        {
            Assert.Contains("there is no nvidia-smi on PATH", none.Refusal, StringComparison.Ordinal);
        }

        Zone("intel-rapl:0", "package-0", 1_000_000);
        using var meter = EnergyMeter.OpenWithDevices(_root.Path, nowhere);
        Assert.Null(meter.Refusal);
        Assert.Null(meter.Begin()()!.DeviceJoules);
    }

    [Fact]
    public void Readings_that_end_take_the_figure_with_them()
    {
        using var meter = EnergyMeter.OpenWithDevices(_root.Path, Smi("0, NVIDIA L4, 30.00", "0, 30.00", rounds: 3));
        Func<MeasuredEnergy?> taken = meter.Begin();
        Assert.True(SpinWait.SpinUntil(() => taken() is null, LongestWait));
    }

    // A program of that name which answers as the real one does: a list when asked for names, and one reading of all after the other.
    private static MeasuredEnergy Once(Func<MeasuredEnergy?> taken, double joules)
    {
        Assert.True(SpinWait.SpinUntil(() => taken() is not { } energy || energy.DeviceJoules >= joules, LongestWait));
        return taken()!;
    }

    private string Smi(string listed, string readings, int rounds = 100_000)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the program is a script for a POSIX shell");
        string folder = _root.Create("bin"), file = Path.Combine(folder, "nvidia-smi");
        string Said(string lines) => lines.Length == 0 ? ":" : $"printf '%s\\n' {string.Join(' ', lines.Split(';').Select(l => $"'{l}'"))}";
        File.WriteAllText(
            file,
            "#!/bin/sh\ncase \"$*\" in\n*-lms*) i=0; while [ $i -lt "
                + $"{(readings.Length == 0 ? 0 : rounds)} ]; do {Said(readings)}; sleep 0.02; i=$((i+1)); done;;\n"
                + $"*--format=csv,noheader,nounits*) {Said(listed)};;\nesac\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return folder;
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
