using Inferometer.Core.Catalog;
using Inferometer.Core.Models;
using Xunit.Sdk;

namespace Inferometer.Core.Tests.Models;

public sealed class ParameterCountTests
{
    private const string Weights = "element count of the published safetensors (Hugging Face model page)";
    private const string Class = "num_parameters() of the published model class, tied tables once";

    // Exact counts, so the bound here is far below the 0.5 % that rounded figures would allow: not one parameter may be missing.
    [Theory]
    [InlineData("meta-llama/Llama-2-7b-hf", 6_738_415_616, Weights)]
    [InlineData("meta-llama/Llama-2-13b-hf", 13_015_864_320, Weights)]
    [InlineData("meta-llama/Llama-2-70b-hf", 68_976_648_192, Weights)]
    [InlineData("meta-llama/Meta-Llama-3-8B", 8_030_261_248, Weights)]
    [InlineData("meta-llama/Llama-3.1-8B", 8_030_261_248, Weights)]
    [InlineData("meta-llama/Llama-3.1-70B", 70_553_706_496, Weights)]
    [InlineData("meta-llama/Llama-3.1-405B", 405_853_388_800, Weights)]
    [InlineData("meta-llama/Llama-3.2-1B", 1_235_814_400, Weights)]
    [InlineData("meta-llama/Llama-3.2-3B", 3_212_749_824, Weights)]
    [InlineData("huggyllama/llama-7b", 6_738_415_616, Weights)]
    [InlineData("huggyllama/llama-30b", 32_528_943_616, Weights)]
    [InlineData("huggyllama/llama-65b", 65_285_660_672, Weights)]
    [InlineData("codellama/CodeLlama-34b-Instruct-hf", 33_743_970_304, Weights)]
    [InlineData("01-ai/Yi-34B", 34_388_917_248, Weights)]
    [InlineData("TinyLlama/TinyLlama-1.1B-Chat-v1.0", 1_100_048_384, Weights)]
    [InlineData("HuggingFaceTB/SmolLM2-135M", 134_515_008, Weights)]
    [InlineData("HuggingFaceTB/SmolLM2-1.7B", 1_711_376_384, Weights)]
    [InlineData("mistralai/Mistral-7B-v0.1", 7_241_732_096, Weights)]
    [InlineData("mistralai/Mistral-7B-v0.3", 7_248_023_552, Weights)]
    [InlineData("mistralai/Mistral-Nemo-Instruct-2407", 12_247_782_400, Weights)]
    [InlineData("mistralai/Mistral-Small-24B-Instruct-2501", 23_572_403_200, Weights)]
    [InlineData("mistralai/Mistral-Large-Instruct-2407", 122_610_069_504, Weights)]
    [InlineData("mistralai/Mixtral-8x7B-v0.1", 46_702_792_704, Weights)]
    [InlineData("mistralai/Mixtral-8x22B-v0.1", 140_620_634_112, Weights)]
    [InlineData("Qwen/Qwen2.5-0.5B-Instruct", 494_032_768, Weights)]
    [InlineData("Qwen/Qwen2.5-1.5B-Instruct", 1_543_714_304, Weights)]
    [InlineData("Qwen/Qwen2.5-3B-Instruct", 3_085_938_688, Weights)]
    [InlineData("Qwen/Qwen2.5-7B-Instruct", 7_615_616_512, Weights)]
    [InlineData("Qwen/Qwen2.5-14B-Instruct", 14_770_033_664, Weights)]
    [InlineData("Qwen/Qwen2.5-32B-Instruct", 32_763_876_352, Weights)]
    [InlineData("Qwen/Qwen2.5-72B-Instruct", 72_706_203_648, Weights)]
    [InlineData("Qwen/Qwen3-0.6B", 596_049_920, Class)]
    [InlineData("Qwen/Qwen3-1.7B", 1_720_574_976, Class)]
    [InlineData("Qwen/Qwen3-4B", 4_022_468_096, Weights)]
    [InlineData("Qwen/Qwen3-8B", 8_190_735_360, Weights)]
    [InlineData("Qwen/Qwen3-14B", 14_768_307_200, Weights)]
    [InlineData("Qwen/Qwen3-32B", 32_762_123_264, Weights)]
    [InlineData("Qwen/Qwen3-30B-A3B", 30_532_122_624, Weights)]
    [InlineData("Qwen/Qwen3-235B-A22B", 235_093_634_560, Weights)]
    [InlineData("Qwen/Qwen3-Coder-480B-A35B-Instruct", 480_154_875_392, Weights)]
    [InlineData("Qwen/Qwen1.5-MoE-A2.7B", 14_315_784_192, Weights)]
    [InlineData("Qwen/Qwen2-57B-A14B-Instruct", 57_409_011_712, Weights)]
    [InlineData("deepseek-ai/deepseek-moe-16b-base", 16_375_728_128, Weights)]
    [InlineData("deepseek-ai/DeepSeek-V2-Lite", 15_706_484_224, Weights)]
    [InlineData("deepseek-ai/DeepSeek-V2", 235_741_434_880, Weights)]
    [InlineData("google/gemma-2b", 2_506_172_416, Weights)]
    [InlineData("google/gemma-7b", 8_537_680_896, Weights)]
    [InlineData("google/gemma-2-2b", 2_614_341_888, Weights)]
    [InlineData("google/gemma-2-9b", 9_241_705_984, Weights)]
    [InlineData("google/gemma-2-27b", 27_227_128_320, Weights)]
    [InlineData("google/gemma-3-1b-it", 999_885_952, Weights)]
    [InlineData("microsoft/Phi-3-mini-4k-instruct", 3_821_079_552, Weights)]
    [InlineData("microsoft/Phi-3-medium-4k-instruct", 13_960_238_080, Weights)]
    [InlineData("microsoft/phi-4", 14_659_507_200, Weights)]
    [InlineData("microsoft/Phi-3.5-MoE-instruct", 41_873_153_344, Weights)]
    [InlineData("microsoft/phi-2", 2_779_683_840, Weights)]
    [InlineData("openai/gpt-oss-20b", 20_914_757_184, Class)]
    [InlineData("openai/gpt-oss-120b", 116_829_156_672, Class)]
    [InlineData("openai-community/gpt2", 124_439_808, Class)]
    [InlineData("openai-community/gpt2-medium", 354_823_168, Class)]
    [InlineData("openai-community/gpt2-large", 774_030_080, Class)]
    [InlineData("openai-community/gpt2-xl", 1_557_611_200, Class)]
    [InlineData("facebook/opt-125m", 125_239_296, Class)]
    [InlineData("facebook/opt-350m", 331_196_416, Class)]
    [InlineData("facebook/opt-1.3b", 1_315_758_080, Class)]
    [InlineData("facebook/opt-6.7b", 6_658_473_984, Class)]
    [InlineData("facebook/opt-13b", 12_853_473_280, Class)]
    [InlineData("facebook/opt-30b", 29_974_540_288, Class)]
    [InlineData("tiiuae/falcon-7b", 6_921_720_704, Class)]
    [InlineData("tiiuae/falcon-40b", 41_303_293_952, Class)]
    [InlineData("EleutherAI/pythia-6.9b", 6_857_302_016, Weights)]
    public void Totals_are_the_published_counts(string model, long published, string source)
    {
        ParameterCount count = ParameterCount.Of(ModelCatalog.BuiltIn.Resolve(model));
        double error = Math.Abs(count.Total - published) / (double)published;
        if (error > 1e-5)
        {
            throw new XunitException($"{model}: {count.Total} parameters counted, {published} published ({source}), {error:P4} apart: {count}");
        }
    }
}
