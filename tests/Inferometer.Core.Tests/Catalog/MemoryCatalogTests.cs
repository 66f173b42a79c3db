using System.Text.Json;
using Inferometer.Core.Catalog;
using Inferometer.Core.Frameworks;
using Inferometer.Core.Hardware;

namespace Inferometer.Core.Tests.Catalog;

public sealed class MemoryCatalogTests
{
    private const double Gibi = 1 << 30;

    [Theory]
    [InlineData("h100", 79.19)]
    [InlineData("a40", 44.99)]
    [InlineData("gb10", 121.63)]
    [InlineData("m4_max", 96)]
    [InlineData("m2_ultra", 144)]
    [InlineData("EPYC_9654", 768)]
    public void Programs_get_what_the_driver_reports_or_a_share_by_kind(string name, double usableGiB) =>
        Assert.Equal(usableGiB, HardwareCatalog.BuiltIn.Find(name).Device.UsableMemoryBytes / Gibi, 0.01);

    [Fact]
    public void No_device_has_more_than_its_memory()
    {
        Assert.All(HardwareCatalog.BuiltIn.Systems.Select(s => s.System.Device), device =>
            Assert.InRange(device.UsableMemoryBytes, 0.6 * device.MemoryBytes, device.MemoryBytes));
        Device copy = HardwareCatalog.BuiltIn.Find("h100").Device with { UsableMemoryBytes = 0 };
        Assert.Equal(copy.MemoryBytes, copy.UsableMemoryBytes);
    }

    [Fact]
    public void A_file_that_leaves_more_than_there_is_is_refused()
    {
        InferometerException error = Assert.Throws<InferometerException>(() => HardwareSystemReader.ReadAll(Json("""
            {"name": "x", "peak_tflops": {"bf16": 1}, "memory": {"size_gib": 8, "usable_gib": 9, "bandwidth_gb_per_s": 1},
             "links": {"intra_node": {"bandwidth_gb_per_s": 1}, "inter_node": {"bandwidth_gb_per_s": 1}}, "sources": {}}
            """), "x.json"));
        Assert.Contains("memory.usable_gib", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("VLLM", "vllm")]
    [InlineData("TensorRT-LLM", "trtllm")]
    [InlineData("ollama", "llama.cpp")]
    public void Frameworks_are_found_by_name_and_alias(string written, string name) =>
        Assert.Equal(name, FrameworkCatalog.Find(written, "test").Name);

    [Fact]
    public void An_unknown_framework_is_told_with_what_is_known()
    {
        InferometerException error = Assert.Throws<InferometerException>(() => FrameworkCatalog.Find("vllmm", "--framework"));
        Assert.StartsWith("--framework: 'vllmm'", error.Message, StringComparison.Ordinal);
        Assert.Contains("Did you mean 'vllm'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"name": "x", "share_of": "half", "memory_utilization": 1, "sizes": [{"step_tokens": 1, "sequences": 1}]}""", "share_of")]
    [InlineData("""{"name": "x", "share_of": "cache", "memory_utilization": 2, "sizes": [{"step_tokens": 1, "sequences": 1}]}""", "memory_utilization")]
    [InlineData("""{"name": "x", "share_of": "cache", "sizes": [{"step_tokens": 1, "sequences": 1}]}""", "memory_utilization")]
    [InlineData("""{"name": "x", "share_of": "cache", "memory_utilization": 1, "sizes": []}""", "sizes")]
    [InlineData("""{"name": "x", "share_of": "cache", "memory_utilization": 1, "sizes": [{"below_gib": 8, "step_tokens": 1, "sequences": 1}]}""", "sizes")]
    public void An_unsound_framework_names_the_field(string json, string field)
    {
        string text = json.Insert(json.Length - 1, ", \"sources\": {}, \"scheduler\": {\"description\": \"d\", \"prompts\": \"mixed\"}");
        InferometerException error = Assert.Throws<InferometerException>(() => FrameworkCatalog.Read(Json(text), "x.json"));
        Assert.Contains($"'{field}'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"prompts": "mixed"}""", "description")]
    [InlineData("""{"description": "d", "prompts": "now"}""", "prompts")]
    [InlineData("""{"description": "d", "prompts": "first", "admission_reserve": 1}""", "admission_reserve")]
    [InlineData("""{"description": "d", "prompts": "first", "chunked": 1}""", "chunked")]
    public void An_unsound_scheduler_names_the_field(string scheduler, string field)
    {
        string text = """{"name": "x", "share_of": "cache", "memory_utilization": 1, "sizes": [{"step_tokens": 1, "sequences": 1}], "sources": {}, "scheduler": """
            + scheduler + "}";
        InferometerException error = Assert.Throws<InferometerException>(() => FrameworkCatalog.Read(Json(text), "x.json"));
        Assert.Contains(field, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_reserve_grows_with_the_step_and_has_a_floor_on_large_devices()
    {
        FrameworkReserve reserve = new(1, 2, 3, 4, 1000, 100);
        FrameworkSize size = new(double.PositiveInfinity, [], 10, 5, 10, 5);
        Assert.Equal(1 + 20 + 15 + 8, reserve.Bytes(99, size, 2));
        Assert.Equal(1000, reserve.Bytes(100, size, 2));
    }

    private static JsonElement Json(string text)
    {
        using JsonDocument document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
