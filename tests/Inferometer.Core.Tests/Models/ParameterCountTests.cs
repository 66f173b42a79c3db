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
    [InlineData(
        "zai-org/GLM-4.5", 352_797_814_624,
        "published safetensors count 358,337,776,896 less the draft (MTP) layer, 5,539,962,272 by its shapes")]
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
    [InlineData("google/gemma-3-4b-it", 4_300_079_472, Weights)]
    [InlineData("google/gemma-3-12b-it", 12_187_325_040, Weights)]
    [InlineData("google/gemma-3-27b-it", 27_432_406_640, Weights)]
    [InlineData("Qwen/Qwen3-Coder-Next", 79_674_391_296, Weights)]
    [InlineData("Qwen/Qwen3-VL-4B-Instruct", 4_437_815_808, Weights)]
    [InlineData("Qwen/Qwen3-VL-8B-Instruct", 8_767_123_696, Weights)]
    [InlineData("Qwen/Qwen3-VL-30B-A3B-Instruct", 31_070_754_032, Weights)]
    [InlineData("Qwen/QwQ-32B", 32_763_876_352, Weights)]
    [InlineData("Qwen/Qwen3-32B-FP8", 32_762_123_264, "Qwen/Qwen3-32B; the scales of its blocks are no parameters")]
    [InlineData("deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B", 1_777_088_000, Weights)]
    [InlineData("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", 7_615_616_512, Weights)]
    [InlineData("deepseek-ai/DeepSeek-R1-Distill-Qwen-14B", 14_770_033_664, Weights)]
    [InlineData("deepseek-ai/DeepSeek-R1-Distill-Qwen-32B", 32_763_876_352, Weights)]
    [InlineData("deepseek-ai/DeepSeek-R1-Distill-Llama-8B", 8_030_261_248, Weights)]
    [InlineData("deepseek-ai/DeepSeek-R1-Distill-Llama-70B", 70_553_706_496, Weights)]
    [InlineData("deepseek-ai/DeepSeek-R1-0528-Qwen3-8B", 8_190_735_360, Weights)]
    [InlineData("google/gemma-3n-E4B-it", 7_818_517_072, Class)]
    [InlineData("moonshotai/Kimi-Linear-48B-A3B-Instruct", 49_122_681_728, Weights)]
    [InlineData("nvidia/Llama-3_3-Nemotron-Super-49B-v1", 49_867_145_216, Weights)]
    [InlineData("nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16", 31_577_940_288, Weights)]
    [InlineData("mistralai/Mistral-Small-3.2-24B-Instruct-2506", 24_011_361_280, Weights)]
    [InlineData("mistralai/Devstral-Small-2-24B-Instruct-2512", 24_011_361_280, "Mistral Small 3.2, the model it was made from")]
    [InlineData("ibm-granite/granite-4.0-micro", 3_402_836_480, Weights)]
    [InlineData("ibm-granite/granite-4.0-h-micro", 3_191_396_096, Weights)]
    [InlineData("ibm-granite/granite-4.0-h-tiny", 6_939_037_248, Weights)]
    [InlineData("ibm-granite/granite-4.0-h-small", 32_207_337_984, Weights)]
    [InlineData("LiquidAI/LFM2-350M", 354_483_968, "model card")]
    [InlineData("LiquidAI/LFM2-700M", 742_489_344, "model card")]
    [InlineData("LiquidAI/LFM2-1.2B", 1_170_340_608, "model card")]
    [InlineData("LiquidAI/LFM2-2.6B", 2_569_272_320, "model card")]
    [InlineData("LiquidAI/LFM2-8B-A1B", 8_339_929_856, Weights)]
    [InlineData("HuggingFaceTB/SmolLM3-3B", 3_075_098_624, Weights)]
    [InlineData("allenai/Olmo-3-7B-Instruct", 7_298_011_136, Weights)]
    public void Totals_are_the_published_counts(string model, long published, string source)
    {
        ParameterCount count = ParameterCount.Of(ModelCatalog.BuiltIn.Resolve(model));
        double error = Math.Abs(count.Total - published) / (double)published;
        if (error > 1e-5)
        {
            throw new XunitException(
                $"{model}: {count.Total} parameters counted, {published} published ({source}), {error:P4} apart: {count}");
        }
    }

    // What the published files hold beside the network that is loaded: heads for multi-token prediction, a scale for each layer that
    // transformers keeps as a buffer, and the key and value projections of layers that read another layer's cache.
    [Theory]
    [InlineData("Qwen/Qwen3.5-4B", 4_659_865_088, 0, 0)]
    [InlineData("Qwen/Qwen3.5-9B", 9_653_104_368, 0, 0)]
    [InlineData("Qwen/Qwen3.5-27B", 27_781_427_952, 0, 0)]
    [InlineData("Qwen/Qwen3.8-27B", 27_781_427_952, 0, 0)]
    [InlineData("google/gemma-4-E2B", 5_123_178_051, 35, (16 * 256 * ((2 * 1536) + 1)) + (4 * 512 * ((2 * 1536) + 1)))]
    [InlineData("google/gemma-4-E4B", 7_996_156_490, 42, (15 * 256 * ((2 * 2 * 2560) + 1)) + (3 * 512 * ((2 * 2 * 2560) + 1)))]
    [InlineData("google/gemma-4-12B", 11_959_730_224, 48, 0)]
    [InlineData("google/gemma-4-26B-A4B", 25_805_936_206, 30, 0)]
    [InlineData("google/gemma-4-31B", 31_273_088_876, 60, 0)]
    public void Published_files_hold_what_is_counted_and_named(string model, long published, long buffers, long unread)
    {
        ModelArchitecture architecture = ModelCatalog.BuiltIn.Resolve(model);
        long heads = architecture.PredictionHeads?.Parameters(architecture) ?? 0;
        Assert.Equal(published, ParameterCount.Of(architecture).Total + heads + buffers + unread);
        Assert.Contains(architecture.Parts, part => part is { Name: "vision tower", Use: SidePartUse.Idle });
    }

    // What counts as active differs: most makers count both tables, OpenAI leaves the input table out. The tolerance is half a unit of
    // the last published digit, or 0.5 % where that is more.
    [Theory]
    [InlineData(
        "mistralai/Mixtral-8x7B-v0.1", 12.9, 0.05, true, "Mixtral of Experts, arXiv:2401.04088: 13B active; 12.9B in its release notes")]
    [InlineData("mistralai/Mixtral-8x22B-v0.1", 39, 0.5, true, "Mistral release notes: 39B active")]
    [InlineData("Qwen/Qwen3-30B-A3B", 3.3, 0.06, true, "model card: 3.3B activated, cut off rather than rounded")]
    [InlineData("Qwen/Qwen3-235B-A22B", 22, 0.5, true, "model card: 22B activated")]
    [InlineData("Qwen/Qwen3-Coder-480B-A35B-Instruct", 35, 0.5, true, "model card: 35B activated")]
    [InlineData("Qwen/Qwen1.5-MoE-A2.7B", 2.7, 0.05, true, "model card: 2.7B activated")]
    [InlineData("Qwen/Qwen2-57B-A14B-Instruct", 14, 0.5, true, "model card: 14B activated")]
    [InlineData("deepseek-ai/deepseek-moe-16b-base", 2.8, 0.05, true, "DeepSeekMoE, arXiv:2401.06066: 2.8B activated")]
    [InlineData("deepseek-ai/DeepSeek-V2", 21, 0.5, true, "arXiv:2405.04434: 21B activated")]
    [InlineData("deepseek-ai/DeepSeek-V3", 37, 0.6, true, "arXiv:2412.19437: 37B activated")]
    [InlineData("moonshotai/Kimi-K2-Instruct", 32, 0.5, false, "model card: 32B activated")]
    [InlineData("openai/gpt-oss-20b", 3.61, 0.005, false, "gpt-oss model card, table 1: 3.61B active")]
    [InlineData("openai/gpt-oss-120b", 5.13, 0.005, false, "gpt-oss model card, table 1: 5.13B active")]
    [InlineData("microsoft/Phi-3.5-MoE-instruct", 6.6, 0.05, true, "model card: 6.6B active")]
    [InlineData("meta-llama/Llama-4-Scout-17B-16E-Instruct", 17, 0.5, true, "model card: 17B activated")]
    [InlineData("meta-llama/Llama-4-Maverick-17B-128E-Instruct", 17, 0.5, true, "model card: 17B activated")]
    [InlineData("google/gemma-4-26B-A4B", 3.8, 0.05, true, "model card: 3.8B active")]
    [InlineData("MiniMaxAI/MiniMax-M2.5", 10, 0.5, false, "model card: 10B activated")]
    [InlineData("XiaomiMiMo/MiMo-V2-Flash", 15, 0.5, true, "model card: 15B active")]
    [InlineData("zai-org/GLM-5", 40, 1, false, "model card: 40B active, a nominal figure")]
    [InlineData("deepseek-ai/DeepSeek-V4-Flash", 13, 0.5, false, "model card: 13B activated")]
    [InlineData("Qwen/Qwen3.5-122B-A10B", 10, 0.5, true, "model card: 10B activated")]
    [InlineData("Qwen/Qwen3.5-397B-A17B", 17, 0.5, true, "model card: 17B activated")]
    [InlineData("Qwen/Qwen3.6-35B-A3B", 3, 0.5, true, "model card: 3B activated")]
    [InlineData("deepseek-ai/DeepSeek-V4-Pro", 49, 0.5, false, "model card: 49B activated")]
    [InlineData("moonshotai/Kimi-K2-Thinking", 32, 0.5, false, "model card: 32B activated")]
    [InlineData("moonshotai/Kimi-Linear-48B-A3B-Instruct", 3, 0.5, true, "model card: 3B activated")]
    [InlineData("zai-org/GLM-4.6", 32, 1, false, "arXiv:2508.06471 for the same architecture: 32B activated")]
    [InlineData(
        "nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16", 3.6, 0.05, true, "technical report: 3.6B active with embeddings, 3.2B without")]
    [InlineData("nvidia/NVIDIA-Nemotron-3-Super-120B-A12B-BF16", 12, 0.5, false, "model card: 12B active")]
    [InlineData("nvidia/NVIDIA-Nemotron-3-Ultra-550B-A55B-BF16", 55, 0.5, false, "model card: 55B active")]
    [InlineData("ibm-granite/granite-4.0-h-tiny", 1, 0.5, true, "model card: 1B active")]
    [InlineData("ibm-granite/granite-4.0-h-small", 9, 0.5, true, "model card: 9B active")]
    [InlineData("LiquidAI/LFM2-8B-A1B", 1.5, 0.06, true, "model card: 1.5B active, cut off rather than rounded")]
    public void Active_parameters_are_the_published_ones(
        string model, double billions, double tolerance, bool withInputTable, string source)
    {
        ParameterCount count = ParameterCount.Of(ModelCatalog.BuiltIn.Resolve(model));
        double active = (withInputTable ? count.Active : count.ActiveWithoutInputTable) / 1e9;
        Assert.True(
            Math.Abs(active - billions) <= Math.Max(tolerance, 0.005 * billions),
            $"{model}: {active:F3}B active counted ({source}): {count}");
    }

    // Only rounded totals are published for the text part alone; the tolerance is half a unit of the last digit, or 0.5 % where that is
    // more.
    [Theory]
    [InlineData("deepseek-ai/DeepSeek-V3", 671, 0.5, "arXiv:2412.19437: 671B")]
    [InlineData("deepseek-ai/DeepSeek-R1", 671, 0.5, "model card: 671B")]
    [InlineData("deepseek-ai/DeepSeek-V4-Flash", 284, 0.5, "model card: 284B")]
    [InlineData("moonshotai/Kimi-K2-Instruct", 1040, 20, "arXiv:2507.20534: 1.04T, model card: 1T")]
    [InlineData("zai-org/GLM-5", 744, 0.5, "model card: 744B")]
    [InlineData("zai-org/GLM-4.5-Air", 106, 1, "arXiv:2508.06471: 106B")]
    [InlineData(
        "meta-llama/Llama-4-Scout-17B-16E-Instruct", 109, 1.5, "model card: 109B, with a vision tower of 0.9B that is not counted here")]
    [InlineData("meta-llama/Llama-4-Maverick-17B-128E-Instruct", 400, 1, "model card: 400B")]
    [InlineData("MiniMaxAI/MiniMax-M2.5", 229, 0.5, "model page: 229B")]
    [InlineData("XiaomiMiMo/MiMo-V2-Flash", 309, 0.5, "model card: 309B")]
    [InlineData("nvidia/Nemotron-H-56B-Base-8K", 56, 0.5, "model card: 56B")]
    [InlineData("nvidia/Nemotron-4-340B-Instruct", 341, 1, "arXiv:2406.11704, table 1: 9.4B + 331.6B")]
    [InlineData("Qwen/Qwen3-Next-80B-A3B-Instruct", 80, 0.5, "model card: 80B")]
    [InlineData("Qwen/Qwen3.5-27B", 27, 0.5, "model card: 27B")]
    [InlineData("Qwen/Qwen3.5-35B-A3B", 35, 0.5, "model card: 35B")]
    [InlineData("Qwen/Qwen3.5-122B-A10B", 122, 0.5, "model card: 122B")]
    [InlineData("Qwen/Qwen3.5-397B-A17B", 397, 0.5, "model card: 397B")]
    [InlineData("Qwen/Qwen1.5-110B", 111, 0.5, "model page: 111B")]
    [InlineData("facebook/opt-66b", 66, 0.5, "arXiv:2205.01068, table 1: 66B")]
    [InlineData("facebook/opt-175b", 175, 0.5, "arXiv:2205.01068, table 1: 175B")]
    [InlineData("ibm-granite/granite-3.1-8b-instruct", 8.1, 0.1, "model card: 8.1B")]
    [InlineData("Qwen/Qwen3.6-27B", 27, 0.5, "model card: 27B")]
    [InlineData("Qwen/Qwen3.6-35B-A3B", 35, 0.5, "model card: 35B")]
    [InlineData("Qwen/Qwen3-VL-235B-A22B-Instruct", 236, 0.5, "model page: 236B")]
    [InlineData("google/gemma-3n-E2B-it", 5.44, 0.033, "published safetensors: 5.44B, with 31M that the class has not")]
    [InlineData("deepseek-ai/DeepSeek-V4-Pro", 1600, 50, "model card: 1.6T")]
    [InlineData("zai-org/GLM-4.6", 355, 2.5, "arXiv:2508.06471 for the same architecture: 355B")]
    [InlineData("zai-org/GLM-4.7-Flash", 30, 0.5, "model card: 30B")]
    [InlineData("moonshotai/Kimi-K2-Thinking", 1000, 50, "model card: 1T")]
    [InlineData("nvidia/NVIDIA-Nemotron-3-Super-120B-A12B-BF16", 120, 1, "model card: 120B")]
    [InlineData("nvidia/NVIDIA-Nemotron-3-Ultra-550B-A55B-BF16", 550, 2.75, "model card: 550B")]
    [InlineData("mistralai/Ministral-3-3B-Instruct-2512", 3.8, 0.05, "model card: 3.4B and a vision tower of 0.4B")]
    [InlineData("mistralai/Ministral-3-8B-Instruct-2512", 8.9, 0.05, "model card: 8.4B and a vision tower of 0.4B")]
    [InlineData("mistralai/Ministral-3-14B-Instruct-2512", 13.9, 0.05, "model card: 13.5B and a vision tower of 0.4B")]
    [InlineData("mistralai/Devstral-2-123B-Instruct-2512", 125, 0.5, "model page: 125B")]
    [InlineData("allenai/Olmo-3-32B-Think", 32.2, 0.05, "model page: 32.2B")]
    public void Totals_agree_with_published_rounded_figures(string model, double billions, double tolerance, string source)
    {
        ParameterCount count = ParameterCount.Of(ModelCatalog.BuiltIn.Resolve(model));
        double total = count.Total / 1e9;
        Assert.True(
            Math.Abs(total - billions) <= Math.Max(tolerance, 0.005 * billions), $"{model}: {total:F3}B counted ({source}): {count}");
    }

    [Fact]
    public void A_small_network_counts_what_hand_arithmetic_gives()
    {
        var model = new ModelArchitecture
        {
            Name = "hand",
            ModelType = "hand",
            HiddenSize = 8,
            VocabularySize = 10,
            MaxContextTokens = 16,
            Layers = new EquatableList<LayerArchitecture>(
            [
                new LayerArchitecture
                {
                    Mixer = new AttentionMixer { Heads = 4, KvHeads = 2, HeadDim = 2, ValueHeadDim = 2, QkvBias = true },
                    FeedForward = new MoeFeedForward { Experts = 4, ExpertsPerToken = 1, ExpertIntermediateSize = 3 },
                },
            ]),
        };
        ParameterCount count = ParameterCount.Of(model);
        Assert.Equal(80, count.Embedding);
        Assert.Equal(80, count.Head);
        Assert.Equal((8 * 8) + (8 * 4) + (8 * 4) + (8 * 8) + 8 + 4 + 4, count.Attention);
        Assert.Equal(4 * 3 * 8 * 3, count.Experts);
        Assert.Equal(32, count.Router);
        Assert.Equal(3 * 8, count.Norms);
        Assert.Equal(count.Total - (3 * 72), count.Active);
        Assert.Equal(count.Active - 80, count.ActiveWithoutInputTable);
    }
}
