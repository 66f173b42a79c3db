using System.Globalization;
using System.Text.Json;
using Inferometer.Core.Models;
using Inferometer.Core.Models.HuggingFace;
using Inferometer.Tests;

namespace Inferometer.Core.Tests.Models;

/// <summary>Every configuration of the reference folder, as transformers 5 wrote it, against the exact count of its class.</summary>
public sealed class TransformersConfigurationTests
{
    private const string Folder = "reference/hf_configs";

    // A correction of the router's scores is a buffer in some classes, which do not count it, and a tensor in every checkpoint.
    private const double Exact = 1e-5;

    [Fact]
    public void Every_decoder_has_the_parameters_of_its_class()
    {
        List<string> wrong = [];
        int seen = 0;
        foreach ((string type, string kind, long parameters) in Rows().Where(row => row.Kind is "decoder"))
        {
            ModelArchitecture model = HuggingFaceConfigReader.Read(Path.Combine(SharedFolder.Require(Folder), $"{type}.json"));
            long counted = ParameterCount.Of(model).Total;
            seen++;
            if (!model.IsKnownFamily || Math.Abs(counted - parameters) > Exact * parameters)
            {
                wrong.Add($"{type} ({kind}): {counted} counted, {parameters} in the class");
            }
        }

        Assert.Empty(wrong);
        Assert.True(seen >= 66);
    }

    [Fact]
    public void Encoders_and_encoder_decoders_are_refused_by_name()
    {
        foreach ((string type, string kind, _) in Rows().Where(row => row.Kind is not "decoder"))
        {
            InferometerException error = Assert.Throws<InferometerException>(
                () => HuggingFaceConfigReader.Read(Path.Combine(SharedFolder.Require(Folder), $"{type}.json")));
            Assert.Contains($"'{type}' is an {kind}.", error.Message, StringComparison.Ordinal);
            Assert.Contains("describes decoders", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Version_4_spellings_of_rotary_bases_and_types_mean_the_same()
    {
        int compared = 0;
        foreach ((string type, _, _) in Rows().Where(row => row.Kind is "decoder"))
        {
            string json = File.ReadAllText(Path.Combine(SharedFolder.Require(Folder), $"{type}.json"));
            if (Version4(json) is not { } older)
            {
                continue;
            }

            ModelArchitecture newer = HuggingFaceConfigReader.Parse(json, "config.json") with { Notes = [] };
            Assert.Equal(newer, HuggingFaceConfigReader.Parse(older, "config.json") with { Notes = [] });
            compared++;
        }

        Assert.True(compared >= 35, $"only {compared} files were compared");
    }

    // rope_parameters with one base for all layers becomes rope_theta and rope_scaling; dtype becomes torch_dtype.
    private static string? Version4(string json)
    {
        Dictionary<string, JsonElement> fields = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(json)!;
        if (!fields.Remove("rope_parameters", out JsonElement rope) || !rope.TryGetProperty("rope_theta", out JsonElement theta))
        {
            return null;
        }

        fields["rope_theta"] = theta;
        if (rope.GetProperty("rope_type").GetString() is not "default")
        {
            fields["rope_scaling"] = rope;
        }

        if (rope.TryGetProperty("partial_rotary_factor", out JsonElement partial))
        {
            fields["partial_rotary_factor"] = partial;
        }

        if (fields.Remove("dtype", out JsonElement dtype))
        {
            fields["torch_dtype"] = dtype;
        }

        return JsonSerializer.Serialize(fields);
    }

    private static IEnumerable<(string Type, string Kind, long Parameters)> Rows() =>
        from line in File.ReadLines(Path.Combine(SharedFolder.Require(Folder), "counts.csv")).Skip(1)
        let cells = line.Split(',')
        select (cells[0], cells[1], long.Parse(cells[3], CultureInfo.InvariantCulture));
}
