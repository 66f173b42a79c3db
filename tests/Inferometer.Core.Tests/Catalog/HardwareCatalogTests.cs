using System.Text.Json;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;
using Inferometer.Tests;

namespace Inferometer.Core.Tests.Catalog;

public sealed class HardwareCatalogTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("inferometer-catalog-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("4xh100", "'4xh100' is not a system of the hardware catalog. Give 'H100_SXM': how many devices there are follows from the "
        + "parallelism, such as tensor = 4 (--tp 4).")]
    [InlineData("2xh100", "Give 'H100_SXM': how many devices there are follows from the parallelism, such as tensor = 2 (--tp 2).")]
    [InlineData("8 x mi300x", "tensor = 8 (--tp 8)")]
    [InlineData("8x h100", "tensor = 8 (--tp 8)")]
    [InlineData("h100x8", "tensor = 8 (--tp 8)")]
    [InlineData("h100 * 16", "tensor = 16 (--tp 16)")]
    [InlineData("h100:4", "tensor = 4 (--tp 4)")]
    [InlineData("2 h100", "tensor = 2 (--tp 2)")]
    [InlineData("1xh100", "Give 'H100_SXM' alone.")]
    [InlineData("h100:0", "How many there are of 'H100_SXM' must be 1 to 1,048,576.")]
    [InlineData("9999999xh100", "How many there are of 'H100_SXM' must be 1 to 1,048,576.")]
    [InlineData("4xnothing", "is not a system of the hardware catalog.")]
    public void A_number_of_devices_in_a_name_is_told_where_it_goes(string written, string said) => Assert.Contains(
        said, Assert.Throws<InferometerException>(() => HardwareCatalog.BuiltIn.Find(written)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("/tmp")]
    [InlineData("./machine.yaml")]
    public void A_path_that_is_no_json_is_told_as_such(string path) => Assert.Contains(
        $"'{path}' is a path, and a system is read from a file whose name ends in .json",
        Assert.Throws<InferometerException>(() => HardwareCatalog.BuiltIn.Resolve(path)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("H100_80GB", "H100_SXM")]
    [InlineData("H100_SXM", "H100_SXM")]
    [InlineData("h100", "H100_SXM")]
    [InlineData("h100-sxm", "H100_SXM")]
    [InlineData("A100_80GB_GPU", "A100_SXM_80GB")]
    [InlineData("A100_40GB_GPU", "A100_SXM_40GB")]
    [InlineData("RTX4090_GPU", "RTX_4090")]
    [InlineData("TPUv5e", "TPU_v5e")]
    [InlineData("Xeon6767P_CPU", "Xeon_6767P")]
    public void Names_are_found_as_people_write_them(string written, string canonical) =>
        Assert.Equal(canonical, HardwareCatalog.BuiltIn.Find(written).Name);

    // As nvidia-smi, rocm-smi and lscpu print them.
    [Theory]
    [InlineData("NVIDIA H100 80GB HBM3", "H100_SXM")]
    [InlineData("NVIDIA H100 PCIe", "H100_PCIE")]
    [InlineData("NVIDIA H100 NVL", "H100_NVL")]
    [InlineData("NVIDIA H200", "H200_SXM")]
    [InlineData("NVIDIA A100-SXM4-80GB", "A100_SXM_80GB")]
    [InlineData("NVIDIA A100-PCIE-40GB", "A100_PCIE_40GB")]
    [InlineData("NVIDIA A100 80GB PCIe", "A100_PCIE_80GB")]
    [InlineData("Tesla V100-SXM2-32GB", "V100_SXM_32GB")]
    [InlineData("Tesla T4", "T4")]
    [InlineData("NVIDIA GeForce RTX 4090", "RTX_4090")]
    [InlineData("NVIDIA RTX 6000 Ada Generation", "RTX_6000_ADA")]
    [InlineData("NVIDIA RTX PRO 6000 Blackwell Server Edition", "RTX_PRO_6000_SERVER")]
    [InlineData(" nvidia l40s ", "L40S")]
    [InlineData("AMD Instinct MI300X", "MI300X")]
    [InlineData("AMD EPYC 9654 96-Core Processor", "EPYC_9654")]
    [InlineData("Intel(R) Xeon(R) Platinum 8480+", "Xeon_8480Plus")]
    public void Names_are_found_as_drivers_print_them(string written, string canonical) =>
        Assert.Equal(canonical, HardwareCatalog.BuiltIn.Resolve(written).Name);

    // Another maker's, and chips that share a number with a card and nothing else.
    [Theory]
    [InlineData("AMD H100 PCIe")]
    [InlineData("NVIDIA GeForce RTX 3060 Laptop GPU")]
    [InlineData("NVIDIA")]
    public void Names_that_only_resemble_one_are_not_found(string written) => Assert.Null(HardwareCatalog.BuiltIn.TryFind(written));

    [Theory]
    [InlineData("p5.48xlarge", "It is a machine of AWS with 8 of 'H100_SXM': give that, and how they share the work, such as tensor = 8 "
        + "(--tp 8).")]
    [InlineData("G6E.xlarge", "It is a machine of AWS with one 'L40S': give that.")]
    [InlineData("a2-ultragpu-4g", "It is a machine of Google Cloud with 4 of 'A100_SXM_80GB'")]
    [InlineData("Standard_ND96isr_MI300X_v5", "It is a machine of Azure with 8 of 'MI300X'")]
    public void A_machine_of_a_cloud_is_told_by_its_devices(string written, string said) => Assert.Contains(
        said, Assert.Throws<InferometerException>(() => HardwareCatalog.BuiltIn.Find(written)).Message, StringComparison.Ordinal);

    [Fact]
    public void Every_machine_of_a_cloud_has_devices_of_the_catalog()
    {
        Assert.NotEmpty(CloudInstances.Sizes);
        Assert.All(CloudInstances.Sizes, size =>
        {
            Assert.Equal(size.Value.System, HardwareCatalog.BuiltIn.Find(size.Value.System).Name);
            Assert.InRange(size.Value.Count, 1, 16);
        });
    }

    [Fact]
    public void No_name_leads_to_two_systems() => Assert.Empty(HardwareCatalog.BuiltIn.Conflicts);

    // Dense peaks, bytes and rates as the datasheets give them, computed by hand.
    [Theory]
    [InlineData("H100_SXM", 989.4e12, 1978.9e12, 80.0 * 1024 * 1024 * 1024, 3.35e12, 450e9)]
    [InlineData("A100_SXM_80GB", 312e12, 624e12, 80.0 * 1024 * 1024 * 1024, 2.039e12, 300e9)]
    [InlineData("H200", 989.4e12, 1978.9e12, 141.0 * 1024 * 1024 * 1024, 4.8e12, 450e9)]
    [InlineData("B200", 2250e12, 4500e12, 180.0 * 1024 * 1024 * 1024, 7.7e12, 900e9)]
    [InlineData("L40S", 362.05e12, 733e12, 48.0 * 1024 * 1024 * 1024, 0.864e12, 32e9)]
    [InlineData("MI300X", 1307.4e12, 2614.9e12, 192.0 * 1024 * 1024 * 1024, 5.3e12, 448e9)]
    public void Figures_are_dense_peaks_in_base_units(string name, double bf16, double int8, double memory, double bandwidth, double link)
    {
        HardwareSystem system = HardwareCatalog.BuiltIn.Find(name);
        Assert.Equal(bf16, system.Device.PeakFor(MathFormat.Bf16), 1e9);
        Assert.Equal(int8, system.Device.PeakFor(MathFormat.Int8), 1e9);
        Assert.Equal(memory, system.Device.MemoryBytes);
        Assert.Equal(bandwidth, system.Device.MemoryBandwidth, 1);
        Assert.Equal(link, system.IntraNode.Bandwidth, 1);
    }

    [Fact]
    public void Every_figure_has_a_source_and_every_rate_can_be_asked_for()
    {
        Assert.True(HardwareCatalog.BuiltIn.Systems.Count >= 35);
        Assert.All(HardwareCatalog.BuiltIn.Systems.Select(s => s.System), system =>
        {
            Assert.Subset(system.Sources.Keys.ToHashSet(StringComparer.Ordinal), Figures(system).ToHashSet(StringComparer.Ordinal));
            // Makers of matrix-only devices publish no fp32 rate; asking for one is an error there, not a guess.
            Assert.All(
                Enum.GetValues<MathFormat>().Except([MathFormat.Fp32, MathFormat.Tf32]),
                format => Assert.True(system.Device.PeakFor(format) > 0));
        });
    }

    private static IEnumerable<string> Figures(HardwareSystem system)
    {
        yield return "peak_tflops";
        yield return "memory";
        yield return "links";
        if (system.Device.TdpWatts is not null)
        {
            yield return "tdp_watts";
        }

        if (system.Device.PricePerHourUsd is not null)
        {
            yield return "price_per_hour_usd";
        }

        if (system.Device.HostLinkBandwidth > 0)
        {
            yield return "host_link_gb_per_s";
        }

        if (system.Device.Cpu is not null)
        {
            yield return "cpu";
        }
    }

    [Fact]
    public void Devices_of_the_reference_list_agree_within_a_tenth_where_both_are_given()
    {
        // The list is older and partly entered by hand; a larger difference means that one of the two is wrong.
        string file = SharedFolder.Require("reference/measurements/gpu_specs.json");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(file));
        int compared = 0;
        foreach (JsonProperty device in document.RootElement.EnumerateObject())
        {
            if (HardwareCatalog.BuiltIn.TryFind(device.Name) is not { } system)
            {
                continue;
            }

            compared++;
            double bandwidth = device.Value.GetProperty("mem_bw_gbs").GetDouble();
            Assert.InRange(
                system.Device.MemoryBandwidth / 1e9 / bandwidth, string.Equals(system.Name, "RTX_PRO_6000_SERVER", StringComparison.Ordinal)
                    ? 0.89 : 0.95, 1.05);
            if (device.Value.GetProperty("bf16_tflops").ValueKind == JsonValueKind.Number)
            {
                Assert.InRange(
                    system.Device.PeakFor(MathFormat.Bf16) / 1e12 / device.Value.GetProperty("bf16_tflops").GetDouble(), 0.9, 1.1);
            }
        }

        Assert.True(compared >= 35, $"only {compared} devices of the list were found by name");
    }

    [Fact]
    public void A_wrong_name_offers_near_ones()
    {
        InferometerException error = Assert.Throws<InferometerException>(() => HardwareCatalog.BuiltIn.Find("H1000"));
        Assert.Contains("'H1000'", error.Message, StringComparison.Ordinal);
        Assert.Contains("Did you mean 'H100", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    public void An_empty_name_is_refused_and_not_looked_for(string name)
    {
        string expected = "The name of a system is empty";
        Assert.StartsWith(
            expected, Assert.Throws<InferometerException>(() => HardwareCatalog.BuiltIn.Resolve(name)).Message, StringComparison.Ordinal);
        Assert.StartsWith(
            expected, Assert.Throws<InferometerException>(() => HardwareCatalog.BuiltIn.Find(name)).Message, StringComparison.Ordinal);
        Assert.Null(HardwareCatalog.BuiltIn.TryFind(name));
        Assert.StartsWith(
            "'': no such catalog folder", Assert.Throws<InferometerException>(() => HardwareCatalog.WithFolder("")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_users_folder_extends_and_overrides()
    {
        Write("a.json", Own("mine", "bandwidth_gb_per_s\": 100"));
        Write("b.json", Own("H100_SXM", "bandwidth_gb_per_s\": 200"));
        HardwareCatalog catalog = HardwareCatalog.WithFolder(_folder);

        Assert.Equal(100e9, catalog.Find("mine").Device.MemoryBandwidth);
        Assert.Equal(200e9, catalog.Find("h100-sxm").Device.MemoryBandwidth);
        Assert.Equal(HardwareCatalog.BuiltIn.Systems.Count + 1, catalog.Systems.Count);
        Assert.Equal(100e9, HardwareCatalog.BuiltIn.Resolve(Path.Combine(_folder, "hardware", "a.json")).Device.MemoryBandwidth);
    }

    [Theory]
    [InlineData("bandwidth_gb_per_s\": -1", "memory.bandwidth_gb_per_s")]
    [InlineData("bandwidth_gb_per_s\": \"fast\"", "memory.bandwidth_gb_per_s")]
    [InlineData("nothing\": 1", "memory.bandwidth_gb_per_s")]
    public void A_faulty_figure_is_named_with_its_file(string memory, string field)
    {
        Write("bad.json", Own("mine", memory));
        InferometerException error = Assert.Throws<InferometerException>(() => HardwareCatalog.WithFolder(_folder));
        Assert.Contains("bad.json", error.Message, StringComparison.Ordinal);
        Assert.Contains(field, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Four_figures_make_a_custom_system()
    {
        using JsonDocument json = JsonDocument.Parse("""{"Flops":312,"Memory_size":80,"Memory_BW":2039,"ICN":300,"real_values":true}""");
        HardwareSystem system = InlineSystem.Parse(json.RootElement, "config.json");
        Assert.Equal(312e12, system.Device.PeakFor(MathFormat.Bf16));
        Assert.Equal(80e9, system.Device.MemoryBytes);
        Assert.Equal(2039e9, system.Device.MemoryBandwidth);
        Assert.Equal(300e9, system.IntraNode.Bandwidth);
    }

    [Theory]
    [InlineData("""{"Flops":312,"Memory_size":80,"Memory_BW":2039}""", "'ICN'")]
    [InlineData("""{"Flops":0,"Memory_size":80,"Memory_BW":2039,"ICN":1}""", "'Flops' is 0")]
    [InlineData("""{"Flops":312e12,"Memory_size":80,"Memory_BW":2039,"ICN":1}""", "at most 10,000,000 TFLOPS")]
    [InlineData("""{"Flops":312,"Memory_size":80,"Memory_BW":2039,"ICN":1e12}""", "at most 100,000,000 GB/s")]
    [InlineData("""{"flops":1}""", "'flops'")]
    [InlineData("[]", "Array")]
    public void A_faulty_custom_system_says_what_is_wrong(string text, string fault)
    {
        using JsonDocument json = JsonDocument.Parse(text);
        InferometerException error = Assert.Throws<InferometerException>(() => InlineSystem.Parse(json.RootElement, "config.json"));
        Assert.Contains("config.json", error.Message, StringComparison.Ordinal);
        Assert.Contains(fault, error.Message, StringComparison.Ordinal);
    }

    private static string Own(string name, string memory) => $$"""
        {
          "name": "{{name}}", "peak_tflops": { "bf16": 10 },
          "memory": { "size_gb": 16, "{{memory}} },
          "links": { "intra_node": { "bandwidth_gb_per_s": 1 }, "inter_node": { "bandwidth_gb_per_s": 1 } },
          "sources": { "all": "me" }
        }
        """;

    private void Write(string file, string json)
    {
        Directory.CreateDirectory(Path.Combine(_folder, "hardware"));
        File.WriteAllText(Path.Combine(_folder, "hardware", file), json);
    }
}
