using Inferometer.Core;
using Inferometer.Simulation.Calibration;

namespace Inferometer.Simulation.Tests.Calibration;

public class CalibrationFileTests
{
    private const string Small = """
        {
          "name": "mine", "source": "two runs",
          "base": { "matrix_memory": 0.8, "launch_s": 4e-6 },
          "kinship": { "stall": { "model_on_device": 0.1, "model_in_format": 0.5 } },
          "layers": [
            { "framework": "sglang", "factors": { "launch_s": 1.5 } },
            { "framework": "llama.cpp", "release": "2024-05", "factors": { "launch_s": 2 } },
            { "framework": "sglang", "device": "H100_SXM", "model": "m", "shape": "1x2x3", "format": "fp4", "runs": 7,
              "factors": { "stall": 2 } }
          ],
          "bands": [ { "familiarity": "fitted", "metric": "time_to_first_token", "runs": 40, "p90": [0.7, 1.4], "p50": [0.9, 1.1] } ]
        }
        """;

    [Fact]
    public void Every_coefficient_has_a_row_under_its_own_number_and_a_prior_within_its_bounds()
    {
        Assert.Equal(Enum.GetValues<Coefficient>(), CoefficientTable.All.Select(info => info.Coefficient));
        Assert.Equal(CoefficientTable.All.Count, CoefficientTable.All.Select(info => info.Name).Distinct(StringComparer.Ordinal).Count());
        Assert.All(CoefficientTable.All, info => Assert.InRange(info.Prior, info.Least, info.Most));
        Assert.All(CoefficientTable.All.Where(info => info.Unit is "share"), info => Assert.Equal(1, info.Most));
    }

    [Fact]
    public void What_is_written_is_read_back_and_written_the_same()
    {
        CalibrationSet set = CalibrationFile.Parse(Small, "small");
        string written = CalibrationFile.Write(set);
        CalibrationSet again = CalibrationFile.Parse(written, "again");
        Assert.Equal(written, CalibrationFile.Write(again));
        Assert.Equal(set.Layers, again.Layers);
        Assert.Equal(set.Bands, again.Bands);
        Assert.Equal(set.Kinship, again.Kinship);
        Assert.Equal(new KinShare(Coefficient.Stall, 0.1, 0, 0.5), Assert.Single(again.Kinship!.Shares));
        Assert.Equal(7, Assert.Single(again.Kinship.Groups).Runs);
        Assert.Equal(0.8, again.Base[Coefficient.MatrixMemory]);
        Assert.Equal(CoefficientTable.Of(Coefficient.Stall).Prior, again.Base[Coefficient.Stall]);
    }

    [Theory]
    [InlineData("\"launch_s\": 4e-6", "\"lunch_s\": 4e-6", "Did you mean 'launch_s'")]
    [InlineData("\"matrix_memory\": 0.8", "\"matrix_memory\": 1.2", "base.matrix_memory")]
    [InlineData("\"stall\": 2", "\"stall\": -1", "layers[2].factors.stall")]
    [InlineData("\"framework\": \"sglang\", \"factors\"", "\"framework\": \"sgland\", \"factors\"", "layers[0].framework")]
    [InlineData("\"familiarity\": \"fitted\"", "\"familiarity\": \"known\"", "fitted, related, class, datasheet")]
    [InlineData("\"stall\": { \"mo", "\"stalls\": { \"mo", "kinship: 'stalls' is not a coefficient. Did you mean 'stall'")]
    [InlineData("\"model_in_format\": 0.5", "\"model_in_format\": 0.95", "kinship.stall")]
    [InlineData("\"model_in_format\": 0.5", "\"model_in_format\": -0.5", "kinship.stall.model_in_format")]
    [InlineData("\"model_in_format\": 0.5", "\"model_in_formats\": 0.5", "Did you mean 'model_in_format'")]
    [InlineData("[0.9, 1.1]", "[0.6, 1.1]", "p50 must lie within p90")]
    [InlineData("\"p90\": [0.7, 1.4]", "\"p90\": [0.7]", "bands[0].p90")]
    [InlineData("\"runs\": 7", "\"runs\": 7.5", "layers[2].runs")]
    [InlineData("\"layers\"", "\"layer\"", "'layer' is not known")]
    [InlineData("\"name\": \"mine\", ", "", "'name' is missing")]
    [InlineData("\"bands\": [", "\"bands\": [[", "not valid JSON")]
    public void What_is_wrong_is_named_with_the_file(string text, string instead, string said)
    {
        Assert.Contains(text, Small, StringComparison.Ordinal);
        InferometerException error = Assert.Throws<InferometerException>(
            () => CalibrationFile.Parse(Small.Replace(text, instead, StringComparison.Ordinal), "mine.json"));
        Assert.StartsWith("mine.json", error.Message, StringComparison.Ordinal);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
    }

    // Their layers would be multiplied with those that ship, on a base that they were not fitted to.
    [Theory]
    [InlineData("\"base\": { \"launch_s\": 4e-6 }", "'base' is of a whole calibration")]
    [InlineData("\"kinship\": { \"stall\": { \"model_on_device\": 0.1 } }", "'kinship' is of a whole calibration")]
    public void A_folder_of_ones_own_holds_layers_and_bands_alone(string field, string said)
    {
        string folder = Directory.CreateTempSubdirectory("inferometer-calibration-").FullName;
        try
        {
            string file = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "calibration")).FullName, "mine.json");
            File.WriteAllText(file, $$"""{ "name": "mine", {{field}}, "layers": [] }""");
            string message = Assert.Throws<InferometerException>(() => CalibrationFile.WithFolder(folder)).Message;
            Assert.StartsWith(file, message, StringComparison.Ordinal);
            Assert.Contains(said, message, StringComparison.Ordinal);

            File.WriteAllText(file, """{ "name": "mine", "layers": [ { "framework": "vllm", "factors": { "launch_s": 1.5 } } ] }""");
            Assert.Equal(CalibrationSet.BuiltIn.Layers.Count + 1, CalibrationFile.WithFolder(folder)!.Layers.Count);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_file_that_is_not_there_is_named() => Assert.Contains(
        "nowhere.json", Assert.Throws<InferometerException>(() => CalibrationFile.Read("nowhere.json")).Message, StringComparison.Ordinal);

    [Fact]
    public void The_shipped_calibration_says_where_it_comes_from_and_knows_its_errors()
    {
        CalibrationSet set = CalibrationSet.BuiltIn;
        Assert.Contains("inferometer fit on", set.Source, StringComparison.Ordinal);
        Assert.True(set.Layers.Count(layer => layer.IsGroup) > 10);
        foreach (CalibratedMetric metric in Enum.GetValues<CalibratedMetric>())
        {
            CalibrationBand[] bands = [.. set.Bands.Where(b => b.Metric == metric && b.Framework is null).OrderBy(b => b.Familiarity)];
            Assert.Equal(Enum.GetValues<Familiarity>(), bands.Select(b => b.Familiarity));

            // The less is known the wider: a case that was fitted is surer than one of a known device, and so on.
            Assert.True(bands[0].High90 / bands[0].Low90 < bands[1].High90 / bands[1].Low90);
            Assert.True(bands[1].High90 / bands[1].Low90 < bands[3].High90 / bands[3].Low90);
        }
    }
}
