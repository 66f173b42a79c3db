using System.Globalization;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Core.Models;
using Inferometer.Core.Models.HuggingFace;
using Inferometer.Core.Weights;
using Inferometer.Tests;

namespace Inferometer.Core.Tests.Models;

public sealed class ModelTensorsTests
{
    [Fact]
    public void The_tensors_of_every_known_model_hold_its_parameters()
    {
        foreach (CatalogModel model in ModelCatalog.BuiltIn.Models)
        {
            Holds(model.Architecture);
        }
    }

    [Fact]
    public void So_do_those_of_every_type_of_transformers()
    {
        string folder = SharedFolder.Require("reference/hf_configs");
        string[] decoders =
        [
            .. File.ReadLines(Path.Combine(folder, "counts.csv")).Skip(1).Select(line => line.Split(','))
                .Where(cells => cells[1] is "decoder" or "causal-lm").Select(cells => cells[0]),
        ];
        foreach (string file in Directory.EnumerateFiles(folder, "*.json"))
        {
            ModelArchitecture? model = null;
            try
            {
                model = HuggingFaceConfigReader.Read(file);
            }
            catch (InferometerException)
            {
                // Encoders are refused.
                Assert.DoesNotContain(Path.GetFileNameWithoutExtension(file), decoders);
            }

            if (model is not null)
            {
                Holds(model);
            }
        }
    }

    [Fact]
    public void Two_bytes_each_make_the_size_of_a_checkpoint_in_16_bits()
    {
        ModelArchitecture model = ModelCatalog.BuiltIn.Resolve("llama-3.1-8b");
        ResolvedWeights weights = ResolvedWeights.Of(model, WeightFormats.Of(Precision.Bf16, "test"));
        Assert.Equal(2 * 8_030_261_248.0, weights.TotalBytes);
        Assert.Equal(weights.TotalBytes, weights.Parts.Sum(p => p.Bytes));
        Assert.Equal(2, weights.Of(model.Layers[3], WeightKind.Value).BytesPerElement);
    }

    private static void Holds(ModelArchitecture model)
    {
        long elements = ModelTensors.Of(model).Sum(t => t.Elements);
        Assert.True(
            elements + model.ExtraParameters == ParameterCount.Of(model).Total,
            string.Create(CultureInfo.InvariantCulture, $"{model.Name}: {elements} of {ParameterCount.Of(model).Total}"));
    }
}
