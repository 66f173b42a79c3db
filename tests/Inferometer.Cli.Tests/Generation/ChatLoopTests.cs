using Inferometer.Cli.Generation;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.Cli.Output;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;

namespace Inferometer.Cli.Tests.Generation;

public class ChatLoopTests
{
    [Fact]
    public async Task Without_a_template_each_entry_is_continued_by_itself()
    {
        (string output, string error) = await Talk(template: null, "Once upon a time", "Once upon a time", "/exit", "never read");
        Assert.Contains("has no chat template", error, StringComparison.Ordinal);
        int half = output.Length / 2;
        Assert.True(half > 5);
        Assert.Equal(output[..half], output[half..]);
    }

    [Fact]
    public async Task With_a_template_earlier_turns_are_remembered_until_cleared()
    {
        (string twice, _) = await Talk("plain", "Once upon a time", "Once upon a time");
        (string cleared, string error) = await Talk("plain", "Once upon a time", "/clear", "Once upon a time");
        int half = cleared.Length / 2;
        Assert.Equal(cleared[..half], cleared[half..]);
        Assert.NotEqual(cleared, twice);
        Assert.Contains("starts anew", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Conversations_longer_than_the_context_lose_their_oldest_turns()
    {
        string[] lines = [.. Enumerable.Repeat("Once upon a time there was a king who had a daughter.", 12)];
        (_, string error) = await Talk("plain", lines);
        Assert.Contains("dropped", error, StringComparison.Ordinal);
        Assert.DoesNotContain("error:", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commands_explain_themselves()
    {
        (string output, string error) = await Talk("plain", "/help", "/stat", "/system You are a pirate.", "/stats", "/exit");
        Assert.Empty(output);
        Assert.Contains("/system TEXT", error, StringComparison.Ordinal);
        Assert.Contains("Did you mean '/stats'", error, StringComparison.Ordinal);
        Assert.Contains("The system prompt is set", error, StringComparison.Ordinal);
        Assert.Contains("attention calls:", error, StringComparison.Ordinal);
    }

    private static async Task<(string Output, string Error)> Talk(string? template, params string[] lines)
    {
        await using StringWriter output = new();
        await using StringWriter error = new();
        Printer printer = new(output, error);
        using Interrupt interrupt = new(TestContext.Current.CancellationToken);
        using LoadedEngine model = LoadedEngine.Load(
            printer, ModelLocation.Resolve(null), new InferenceOptions { MaxBatchSize = 1, MaxSequenceTokens = 160 }, lora: null,
                verbose: false, interrupt.Token);
        RunSettings settings = new()
        {
            Prompt = null,
            Sampling = SamplingOptions.Greedy,
            MaxNewTokens = 8,
            Beams = 1,
            AsJson = false,
            Verbose = false,
        };
        PromptFormat format = PromptFormat.For(model.Engine.Tokenizer, template, raw: false, system: null, error.WriteLine);
        using StringReader input = new(string.Join('\n', lines));
        await new ChatLoop(model, format, settings, printer, input, interrupt).RunAsync();
        return (output.ToString(), error.ToString());
    }
}
