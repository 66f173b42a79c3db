using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.Gpu;
using Inferometer.ReferenceModels;

namespace Inferometer.Cli.Tests.Commands;

public sealed class DeviceOptionTests
{
    private const string Prompt = "Once upon a time";

    [Theory]
    [InlineData("tpu")]
    [InlineData("gpu:")]
    [InlineData("gpu:-1")]
    [InlineData("gpu:1.5")]
    public async Task Other_words_are_refused_as_wrong(string device)
    {
        CommandRun run = await CommandRun.Of("run", ModelLocation.BundledPath, "-p", Prompt, "--device", device);
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains($"'{device}'", run.Error, StringComparison.Ordinal);
        Assert.Contains("gpu:N", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run", "-p", "Hello")]
    [InlineData("bench", "-n", "4")]
    [InlineData("serve", "--port", "0")]
    public async Task Without_a_card_a_gpu_is_refused_with_the_reason(string command, string option, string value)
    {
        RequireNoCard();
        CommandRun run = await CommandRun.Of(command, ModelLocation.BundledPath, option, value, "--device", "gpu");
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains("error: gpu: no NVIDIA GPU was found", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Fact]
    public async Task Auto_takes_the_processor_without_a_card_and_says_so()
    {
        RequireNoCard();
        CommandRun plain = await CommandRun.Of("run", ModelLocation.BundledPath, "-p", Prompt, "-n", "4", "--temp", "0");
        CommandRun run = await CommandRun.Of("run", ModelLocation.BundledPath, "-p", Prompt, "-n", "4", "--temp", "0", "--device", "auto");
        Assert.Equal(ExitCode.Success, run.Code);
        Assert.Equal(plain.Output, run.Output);
        Assert.Contains("note: --device auto takes the processor: gpu: no NVIDIA GPU", run.Error, StringComparison.Ordinal);
    }

    /// <summary>With a card or without: several engines run on the processor.</summary>
    [Fact]
    public async Task Several_engines_on_a_gpu_are_refused_by_the_names_of_both_options()
    {
        CommandRun run = await CommandRun.Of("serve", "--demo", "--port", "0", "--replicas", "2", "--threads", "2", "--device", "gpu:1");
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains("--device gpu:1 with --replicas 2", run.Error, StringComparison.Ordinal);
        Assert.Contains("--upstream", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Fact]
    public async Task The_emulated_gpu_gives_the_text_the_times_and_the_perplexity_that_the_processor_gives()
    {
        using TemporaryFolder folder = new();
        string text = folder.Write("tale.txt", "Once upon a time there was a king who had a beautiful daughter."u8.ToArray());
        Environment.SetEnvironmentVariable(GpuRunnerProvider.EmulationVariable, "emulated");
        try
        {
            string[] run = ["run", ModelLocation.BundledPath, "-p", Prompt, "-n", "6", "--temp", "0"];
            string expected = (await CommandRun.Of(run)).Succeeded().Output;
            Assert.Equal(expected, (await CommandRun.Of([.. run, "--device", "gpu"])).Succeeded().Output);

            string[] perplexity = ["perplexity", ModelLocation.BundledPath, text, "--ctx", "8", "--windows", "1", "--format", "csv"];
            CommandRun cpu = (await CommandRun.Of(perplexity)).Succeeded();
            CommandRun gpu = (await CommandRun.Of([.. perplexity, "--device", "gpu"])).Succeeded();
            Assert.Equal(cpu.OutputLines[0], gpu.OutputLines[0]);

            string[] timed = ["bench", ModelLocation.BundledPath, "-p", "2", "-n", "1", "-r", "1", "--warm-up", "0", "-o", "csv"];
            CommandRun bench = (await CommandRun.Of([.. timed, "--device", "gpu"])).Succeeded();
            Assert.Contains("GPU, managed", bench.Output, StringComparison.Ordinal);

            Assert.Equal(expected, (await CommandRun.Of([.. run, "--device", "gpu:0", "--kv", "q8"])).Succeeded().Output);
            CommandRun refused = await CommandRun.Of([.. run, "--device", "gpu:0", "--kv", "q4"]);
            Assert.Equal(ExitCode.Failed, refused.Code);
            Assert.Contains("no cache of the kind 'q4', but f16 and q8", refused.Error, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable(GpuRunnerProvider.EmulationVariable, null);
        }
    }

    private static void RequireNoCard() => Assert.SkipWhen(GpuRunnerProvider.Names().Count > 0, "this machine has a card");
}
