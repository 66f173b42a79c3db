using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Planning.Deployments;
using Inferometer.Simulation;
using Inferometer.Simulation.Planning;
using Inferometer.Simulation.Requests;

namespace Inferometer.Planning.Tests.Deployments;

public sealed class DeploymentShapeTests
{
    private static readonly SimulationEngine Engine = new();

    // What a plan tells people to type is what it planned with.
    [Theory]
    [InlineData("llama-3.1-8b", "h100", "vllm", "fp8", "fp8", 2, 1, 1, 1)]
    [InlineData("llama-3.1-8b", "a100_sxm_80gb", "vllm", "awq", "published", 1, 2, 1, 1)]
    [InlineData("qwen3-30b-a3b", "h100", "sglang", "published", "fp8", 1, 1, 4, 4)]
    [InlineData("llama-3.1-8b", "b200", "trtllm", "nvfp4", "fp8", 4, 1, 1, 1)]
    [InlineData("llama-3.1-8b", "rtx_4090", "llama.cpp", "q4_k_m", "q8_0", 1, 1, 1, 1)]
    [InlineData("llama-3.1-8b", "h100", "vllm", "published", "q8", 1, 1, 1, 1)]
    public void Options_say_what_the_configuration_does(
        string model, string system, string framework, string weights, string cache, int tensor, int pipeline, int expert, int data)
    {
        DeploymentShape shape = new()
        {
            Model = model,
            SystemName = system,
            System = Sample.On(system).System,
            Framework = FrameworkCatalog.Find(framework, "test"),
            Weights = weights,
            KvCache = cache,
            Parallelism = new Parallelism(tensor, pipeline, expert, data, data > 1),
        };
        EstimateRequest typed = Engine.Prepare(Read(model, shape.Options()).ToConfig()).Request;
        EstimateRequest planned = Engine.Prepare(shape.ToConfig()).Request;
        Assert.Equal(planned.Precisions, typed.Precisions);
        Assert.Equal(planned.WeightScheme!.Name, typed.WeightScheme!.Name);
        Assert.Equal(planned.Parallelism, typed.Parallelism);
        Assert.Equal(planned.System.Name, typed.System.Name);
        Assert.Equal(planned.Framework!.Name, typed.Framework!.Name);
        Assert.Equal(planned.KvCompression is null, typed.KvCompression is null);
    }

    private static EstimateRequestText Read(string model, string options)
    {
        string[] words = options.Split(' ');
        EstimateRequestText request = EstimateRequestText.Of(model, words[Array.IndexOf(words, "--on") + 1], [], true);
        for (int i = 0; i < words.Length; i += 2)
        {
            if (words[i] is "--attention-dp")
            {
                request = request with { AttentionDataParallel = true };
                i--;
            }
            else if (words[i] is not "--on")
            {
                EstimateSetting setting = EstimateSettings.All.Single(s => string.Equals(s.Option, words[i], StringComparison.Ordinal));
                request = request.With(SaidValue.Read(setting, words[i + 1]));
            }
        }

        return request;
    }
}
