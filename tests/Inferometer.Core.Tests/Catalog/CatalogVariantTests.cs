using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;

namespace Inferometer.Core.Tests.Catalog;

public sealed class CatalogVariantTests : IDisposable
{
    private const double Gibi = 1L << 30;
    private readonly string _folder = Directory.CreateTempSubdirectory("inferometer-catalog-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // As the shops name them; a chip with fewer GPU cores also has less bandwidth.
    [Theory]
    [InlineData("m1", 16, 68.25)]
    [InlineData("m1-8gb", 8, 68.25)]
    [InlineData("m1-ultra-64gb", 64, 800)]
    [InlineData("m2-pro-16gb", 16, 200)]
    [InlineData("m3-max-36gb", 36, 300)]
    [InlineData("m3-max-64gb", 64, 400)]
    [InlineData("m3-ultra-512gb", 512, 819)]
    [InlineData("m4-max", 128, 546)]
    [InlineData("m4-max-128gb", 128, 546)]
    [InlineData("m4-max-36gb", 36, 410)]
    [InlineData("apple-m4-pro-48gb", 48, 273)]
    [InlineData("m5-24gb", 24, 153.6)]
    [InlineData("m5-max-128gb", 128, 614)]
    [InlineData("strix-halo-64gb", 64, 256)]
    [InlineData("rtx-4060-ti", 16, 288)]
    [InlineData("rtx4060ti-8gb", 8, 288)]
    [InlineData("jetson-agx-orin-32gb", 32, 204.8)]
    [InlineData("jetson-thor-t4000", 64, 273)]
    public void Every_size_has_a_name(string name, double gibibytes, double bandwidth)
    {
        Device device = HardwareCatalog.BuiltIn.Find(name).Device;
        Assert.Equal(gibibytes * Gibi, device.MemoryBytes);
        Assert.Equal(bandwidth * 1e9, device.MemoryBandwidth, 1);
    }

    [Fact]
    public void A_variant_differs_in_what_it_states_and_in_nothing_else()
    {
        Write("""
            "variant": "64GB",
            "variants": {
              "16GB": { "memory": { "size_gib": 16 } },
              "Mini": { "memory": { "size_gib": 8, "bandwidth_gb_per_s": 50 }, "peak_tflops": { "bf16": 5 }, "tdp_watts": null }
            }
            """);
        HardwareCatalog catalog = HardwareCatalog.WithFolder(_folder);
        Assert.Equal(HardwareCatalog.BuiltIn.Systems.Count + 3, catalog.Systems.Count);
        Assert.Same(catalog.Find("mine"), catalog.Find("mine-64gb"));
        Assert.Same(catalog.Find("me"), catalog.Find("me_64GB"));

        HardwareSystem whole = catalog.Find("mine");
        HardwareSystem small = catalog.Find("me-16gb");
        Assert.Equal("mine_16GB", small.Name);
        Assert.Equal(16 * Gibi, small.Device.MemoryBytes);
        Assert.Equal(whole.Device.MemoryBandwidth, small.Device.MemoryBandwidth);
        Assert.Equal(whole.Device.PeakFor(MathFormat.Bf16), small.Device.PeakFor(MathFormat.Bf16));
        Assert.Equal(100, small.Device.TdpWatts);

        Device mini = catalog.Find("mine-mini").Device;
        Assert.Equal(5e12, mini.PeakFor(MathFormat.Bf16));
        Assert.Null(mini.TdpWatts);
        Assert.Equal("mine", catalog.Resolve(Path.Combine(_folder, "hardware", "own.json")).Name);
    }

    [Theory]
    [InlineData("\"variants\": { \"16GB\": {} }", "'variant' should be text")]
    [InlineData("\"variant\": \"64GB\", \"variants\": [1]", "'variants' is [1]")]
    [InlineData("\"variant\": \"64GB\", \"variants\": { \"16GB\": 16 }", "'variants.16GB' is 16")]
    [InlineData("\"variant\": \"64GB\", \"variants\": { \"16GB\": { \"name\": \"x\" } }", "'variants.16GB.name' is \"x\"")]
    [InlineData("\"variant\": \"64GB\", \"variants\": { \"16GB\": { \"memory\": { \"size\": 1 } } }", "'memory.size'")]
    [InlineData("\"variant\": \"64GB\"", "nothing reads the field 'variant'")]
    public void A_faulty_variant_says_what_is_wrong(string variants, string fault)
    {
        Write(variants);
        InferometerException error = Assert.Throws<InferometerException>(() => HardwareCatalog.WithFolder(_folder));
        Assert.Contains("own.json", error.Message, StringComparison.Ordinal);
        Assert.Contains(fault, error.Message, StringComparison.Ordinal);
    }

    private void Write(string variants)
    {
        Directory.CreateDirectory(Path.Combine(_folder, "hardware"));
        File.WriteAllText(Path.Combine(_folder, "hardware", "own.json"), $$"""
            {
              "name": "mine", "aliases": ["me"], "peak_tflops": { "bf16": 10 }, "tdp_watts": 100,
              "memory": { "size_gib": 64, "bandwidth_gb_per_s": 100 },
              "links": { "intra_node": { "bandwidth_gb_per_s": 1 }, "inter_node": { "bandwidth_gb_per_s": 1 } },
              "sources": { "all": "me" },
              {{variants}}
            }
            """);
    }
}
