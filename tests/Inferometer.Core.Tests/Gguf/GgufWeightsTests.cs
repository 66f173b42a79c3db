using Inferometer.Core.Gguf;
using Inferometer.Core.Models;
using Inferometer.Core.Weights;
using Inferometer.Tests;

namespace Inferometer.Core.Tests.Gguf;

public sealed class GgufWeightsTests
{
    [Theory]
    [InlineData("models/tales-5m/tales-5m-q8_0.gguf")]
    [InlineData("models/tales-5m/tales-5m-f16.gguf")]
    [InlineData("models/stories260k/stories260k-f32.gguf")]
    [InlineData("cases/quant_types/q4_k.gguf")]
    [InlineData("cases/quant_types/iq4_xs.gguf")]
    [InlineData("cases/quant_types/mxfp4.gguf")]
    [InlineData("cases/gguf_variants/tied.gguf")]
    public void The_tensors_of_a_file_are_counted_to_the_byte(string file)
    {
        GgufHeader header = GgufHeader.Read(SharedFolder.Require(file));
        ModelArchitecture model = GgufArchitectureReader.Read(header);
        ResolvedWeights weights = ResolvedWeights.Of(model, model.PublishedWeights!);
        Assert.Equal(header.Tensors.Sum(t => t.ByteCount), weights.TotalBytes, 1e-3);
        Assert.Equal(0, weights.BytesBeside, 1e-3);
        Assert.Contains(file.Split('/')[^1], weights.Scheme.Origin, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_names_the_format_of_most_of_its_bytes()
    {
        ModelArchitecture model = GgufArchitectureReader.Read(SharedFolder.Require("models/tales-5m/tales-5m-q8_0.gguf"));
        Assert.Equal("q8_0", model.PublishedWeights!.Main.Name);
        Assert.Equal("fp16", model.PublishedWeights.Compute.Name);
        Assert.Equal(34.0 / 32, ResolvedWeights.Of(model, model.PublishedWeights).Of(model.Layers[0], WeightKind.Query).BytesPerElement);
    }
}
