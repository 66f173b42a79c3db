using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Tests;

public class ServedFormatsTests
{
    [Theory]
    [InlineData("gpt-oss-120b", "mxfp4", "B200", "fp8")]
    [InlineData("gpt-oss-120b", "mxfp4", "H200", "bf16")]
    [InlineData("gpt-oss-120b", "mxfp4", "MI355X", "bf16")] // multiplies 4-bit floats, too
    [InlineData("llama-3.1-70b", "fp8", "H200", "fp8")]
    [InlineData("llama-3.1-70b", "bf16", "B200", "bf16")]
    public void The_cache_of_a_checkpoint_is_as_its_recipes_have_it(string model, string weights, string device, string cache)
    {
        ServedFormats formats = ServedFormats.Of(
            ModelCatalog.BuiltIn.Resolve(model), HardwareCatalog.BuiltIn.Find(device).Device, Precision.Parse(weights, "test"));
        Assert.Equal(cache, formats.KvCache.Name);
    }
}
