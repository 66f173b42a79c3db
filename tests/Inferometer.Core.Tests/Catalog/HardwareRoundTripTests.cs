using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;

namespace Inferometer.Core.Tests.Catalog;

public sealed class HardwareRoundTripTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("inferometer-catalog-").FullName;

    public static TheoryData<string> Names => [.. HardwareCatalog.BuiltIn.Systems.Select(s => s.System.Name)];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_written_reads_back_to_the_same_figures(string name)
    {
        CatalogSystem entry = HardwareCatalog.BuiltIn.Systems.Single(s => string.Equals(s.System.Name, name, StringComparison.Ordinal));
        string file = Saved(entry.ToJson());
        CatalogSystem read = Assert.Single(HardwareSystemReader.ReadAll(CatalogFiles.Read(file), file));

        // By reflection, so that a property nobody has taught the writer of is missed at once.
        Assert.Equal(Values(entry), Values(read));
    }

    [Fact]
    public void A_system_of_four_figures_reads_back_too()
    {
        HardwareSystem system = InlineSystem.Create(312.5, 79.9, 2039, 300, "me");
        Assert.Equal(Values(system), Values(HardwareCatalog.BuiltIn.Resolve(Saved(new CatalogSystem(system, []).ToJson()))));
    }

    [Fact]
    public void A_cache_reads_back_too()
    {
        HardwareSystem system = InlineSystem.Create(312.5, 79.9, 2039, 300, "me");
        system = system with { Device = system.Device with { Cache = new DeviceCache(32e6, 150e9) } };
        Assert.Equal(Values(system), Values(HardwareCatalog.BuiltIn.Resolve(Saved(new CatalogSystem(system, []).ToJson()))));
    }

    [Fact]
    public void A_figure_changed_in_the_file_is_the_one_used()
    {
        JsonObject json = Entry();
        json["memory"]!["size_gib"] = 96;
        json["peak_tflops"]!["fp8"] = 1000;
        Device device = HardwareCatalog.BuiltIn.Resolve(Saved(json)).Device;
        Assert.Equal(96.0 * (1L << 30), device.MemoryBytes);
        Assert.Equal(1000e12, device.PeakFor(MathFormat.Fp8));
    }

    [Theory]
    [InlineData("memory", "bandwith_gb_per_s", "memory.bandwith_gb_per_s")]
    [InlineData("links", "devices_per_rack", "links.devices_per_rack")]
    [InlineData("peak_tflops", "fp6", "peak_tflops.fp6")]
    [InlineData("efficiency", "computing", "efficiency.computing")]
    [InlineData(null, "tdp_wats", "tdp_wats")]
    public void A_misspelt_field_is_refused_and_not_ignored(string? group, string field, string named)
    {
        JsonObject json = Entry();
        JsonObject holder = group is null ? json : json[group]!.AsObject();
        holder[field] = 1;
        if (field is "tdp_wats")
        {
            holder.Remove("tdp_watts");
        }

        string file = Saved(json);
        InferometerException error = Assert.Throws<InferometerException>(() => HardwareCatalog.BuiltIn.Resolve(file));
        Assert.StartsWith($"{file}: nothing reads the field '{named}'.", error.Message, StringComparison.Ordinal);
        Assert.Equal(field is "tdp_wats", error.Message.Contains("Did you mean 'tdp_watts'", StringComparison.Ordinal));
    }

    [Fact]
    public void A_size_given_twice_is_refused()
    {
        JsonObject json = Entry();
        json["memory"]!["size_gb"] = 800;
        string file = Saved(json);
        Assert.Contains(
            "'memory.size_gib'", Assert.Throws<InferometerException>(() => HardwareCatalog.BuiltIn.Resolve(file)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_may_hold_the_four_figures()
    {
        string file = Saved(JsonNode.Parse("""{"Flops":312,"Memory_size":80,"Memory_BW":2039,"ICN":300}""")!.AsObject());
        Assert.Equal(2039e9, HardwareCatalog.BuiltIn.Resolve(file).Device.MemoryBandwidth);
    }

    private static JsonObject Entry() => new CatalogSystem(HardwareCatalog.BuiltIn.Find("h100"), []).ToJson();

    private string Saved(JsonObject json)
    {
        string file = Path.Combine(_folder, "system.json");
        File.WriteAllText(file, json.ToJsonString());
        return file;
    }

    private static SortedDictionary<string, string> Values(object value)
    {
        SortedDictionary<string, string> values = new(StringComparer.Ordinal);
        Add("", value);
        return values;

        void Add(string path, object? item)
        {
            switch (item)
            {
                case null:
                    break;
                case string or bool or int or double or Enum:
                    values[path] = Convert.ToString(item, CultureInfo.InvariantCulture)!;
                    break;
                case IDictionary map:
                    foreach (DictionaryEntry pair in map)
                    {
                        Add($"{path}[{pair.Key}]", pair.Value);
                    }

                    break;
                case IEnumerable list:
                    values[path] = string.Join('|', list.Cast<object>());
                    break;
                default:
                    foreach (PropertyInfo property in item.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
                    {
                        Add($"{path}.{property.Name}", property.GetValue(item));
                    }

                    break;
            }
        }
    }
}
