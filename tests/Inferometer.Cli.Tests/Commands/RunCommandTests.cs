using System.Text.Json;
using Inferometer.Cli.Hosting;
using Inferometer.ReferenceModels;
using Inferometer.Tests;

namespace Inferometer.Cli.Tests.Commands;

public class RunCommandTests
{
    private const string Prompt = "Alice was beginning to get very tired";

    [Fact]
    public async Task Without_a_model_the_bundled_one_continues_a_prompt_and_greedy_text_repeats()
    {
        CommandRun first = (await Run("--temp", "0", "-n", "12")).Succeeded();
        CommandRun second = (await Run("--temp", "0", "-n", "12")).Succeeded();
        Assert.True(first.Output.Trim().Length > 10, first.Output);
        Assert.Equal(first.Output, second.Output);
    }

    [Fact]
    public async Task The_seed_decides_the_text()
    {
        CommandRun first = (await Run("--seed", "7", "-n", "12")).Succeeded();
        CommandRun again = (await Run("--seed", "7", "-n", "12")).Succeeded();
        CommandRun other = (await Run("--seed", "8", "-n", "12")).Succeeded();
        Assert.Equal(first.Output, again.Output);
        Assert.NotEqual(first.Output, other.Output);
    }

    [Fact]
    public async Task Without_a_limit_text_goes_on_to_the_end_of_the_context()
    {
        JsonElement document = await CutOff("--seed", "1", "--ctx", "40", "-n", "-1");
        JsonElement shorter = await CutOff("--seed", "1", "--ctx", "40");
        Assert.Equal(40, document.GetProperty("prompt_tokens").GetInt32() + document.GetProperty("output_tokens").GetInt32());
        Assert.Equal(document.GetProperty("text").GetString(), shorter.GetProperty("text").GetString());
    }

    [Theory]
    [InlineData("--lookup 4")] // eight tokens: the tenth is a tie, which rounding may break either way
    [InlineData("--no-flash-attention --kv f32")]
    [InlineData("--no-prefix-cache --threads 1")]
    [InlineData("--ctx 64")]
    public async Task Switches_of_speed_leave_greedy_text_as_it_is(string switches)
    {
        CommandRun plain = (await Run("--temp", "0", "-n", "8")).Succeeded();
        CommandRun switched = (await Run(["--temp", "0", "-n", "8", .. switches.Split(' ')])).Succeeded();
        Assert.Equal(plain.Output, switched.Output);
    }

    [Fact]
    public async Task Json_tells_text_tokens_and_times()
    {
        JsonElement document = await Document("--temp", "0", "-n", "6", "--logprobs", "2");
        Assert.Equal(6, document.GetProperty("output_tokens").GetInt32());
        Assert.Equal("length", document.GetProperty("finish_reason").GetString());
        Assert.Equal(Prompt, document.GetProperty("prompt").GetString());
        JsonElement[] tokens = [.. document.GetProperty("tokens").EnumerateArray()];
        Assert.Equal(6, tokens.Length);
        Assert.All(tokens, t => Assert.InRange(t.GetProperty("log_probability").GetDouble(), -10, 0));
        Assert.All(tokens, t => Assert.Equal(2, t.GetProperty("top").GetArrayLength()));
        Assert.True(document.GetProperty("total_seconds").GetDouble() >= document.GetProperty("time_to_first_token_seconds").GetDouble());
    }

    [Fact]
    public async Task Greedy_tokens_are_those_of_the_float64_reference()
    {
        using JsonDocument reference = JsonDocument.Parse(await File.ReadAllTextAsync(
            SharedFolder.Require("models/tales-5m/reference.json"), TestContext.Current.CancellationToken));
        JsonElement wanted = reference.RootElement.GetProperty("cases").EnumerateArray()
            .First(c => string.Equals(c.GetProperty("prompt").GetString(), Prompt, StringComparison.Ordinal));
        string model = SharedFolder.Require("models/tales-5m/tales-5m-f16.gguf");
        CommandRun run =
            (await CommandRun.Of("run", model, "-p", Prompt, "--temp", "0", "-n", "8", "--format", "json", "--kv", "f32")).Succeeded();
        using JsonDocument document = JsonDocument.Parse(run.Output);
        Assert.Equal(
            wanted.GetProperty("greedy_ids").EnumerateArray().Take(8).Select(t => t.GetInt32()),
            document.RootElement.GetProperty("tokens").EnumerateArray().Select(t => t.GetProperty("id").GetInt32()));
    }

    [Fact]
    public async Task Text_ends_before_a_stop_string()
    {
        string whole = (await Run("--temp", "0", "-n", "12")).Succeeded().Output;
        string word = whole.Split(' ', StringSplitOptions.RemoveEmptyEntries)[2];
        string stopped = (await Run("--temp", "0", "-n", "12", "--stop", word)).Succeeded().Output;
        Assert.Equal(whole[..whole.IndexOf(word, StringComparison.Ordinal)], stopped.TrimEnd('\n'));
    }

    [Fact]
    public async Task Log_probabilities_stand_on_a_line_per_token()
    {
        CommandRun run = (await Run("--temp", "0", "-n", "5", "--logprobs", "3")).Succeeded();
        Assert.Equal(5, run.OutputLines.Length);
        Assert.All(run.OutputLines, l => Assert.Matches("""^ *\d+\.\d%  ".*" +(".*" \d+\.\d%(  )?){3}$""", l));
    }

    [Fact]
    public async Task Json_mode_writes_one_object()
    {
        CommandRun run = (await Run("--json", "-n", "24", "--seed", "3")).Succeeded();
        using JsonDocument document = JsonDocument.Parse(run.Output);
        Assert.Equal(JsonValueKind.Object, document.RootElement.ValueKind);
    }

    [Fact]
    public async Task Beams_come_best_first_and_beat_the_greedy_text()
    {
        JsonElement[] greedy = [.. (await Document("--temp", "0", "-n", "6", "--logprobs", "0")).GetProperty("tokens").EnumerateArray()];
        JsonElement[] beams = [.. (await Document("-n", "6", "--beams", "4")).GetProperty("beams").EnumerateArray()];
        double[] scores = [.. beams.Select(b => b.GetProperty("score").GetDouble())];
        Assert.Equal(scores.OrderDescending(), scores);
        Assert.True(
            beams[0].GetProperty("log_probability").GetDouble() >= greedy.Sum(t => t.GetProperty("log_probability").GetDouble()) - 1e-3);
    }

    [Fact]
    public async Task The_models_own_recommendations_apply_where_no_option_was_given()
    {
        using TemporaryFolder temporary = new();
        foreach (string file in Directory.EnumerateFiles(SharedFolder.Require("models/stories260k"))
            .Where(f => !f.EndsWith(".gguf", StringComparison.Ordinal)))
        {
            File.Copy(file, temporary.File(Path.GetFileName(file)));
        }

        string config = temporary.File("generation_config.json"), folder = Path.GetDirectoryName(config)!;
        await File.WriteAllTextAsync(config, """{"temperature": 0.6, "top_k": 7, "top_p": 0.9}""", TestContext.Current.CancellationToken);
        CommandRun run = await CommandRun.Of("run", folder, "-p", "Once", "-n", "2", "--top-k", "9", "--verbose");
        Assert.Equal(ExitCode.Success, run.Code);
        Assert.Contains(
            "sampling     --temp 0.6 --top-k 9 --top-p 0.9 --min-p 0.05 --repeat-penalty 1  (--temp, --top-p from generation_config.json)",
            run.Error, StringComparison.Ordinal);

        await File.WriteAllTextAsync(config, """{"temperature": "hot"}""", TestContext.Current.CancellationToken);
        CommandRun wrong = await CommandRun.Of("run", folder, "-p", "Once", "-n", "2");
        Assert.Equal(ExitCode.Success, wrong.Code);
        Assert.Contains(
            "generation_config.json: temperature is \"hot\"; allowed is 0 (greedy) or more. It is left out.",
            Assert.Single(wrong.Complaints), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verbose_prints_the_plan_first_and_the_rates_last_and_neither_on_standard_output()
    {
        CommandRun run = await Run("--temp", "0", "-n", "8", "--verbose");
        Assert.Equal(ExitCode.Success, run.Code);
        string[] wanted =
        [
            "weights ", "KV cache ", "total   ", "sampling     --temp 0 --top-k 40 --top-p 0.95 --min-p 0.05 --repeat-penalty 1",
                "total duration:", "load duration:", "prompt eval count:", "prompt eval duration:",
            "prompt eval rate:", "eval count:           8 token(s)", "eval duration:", "eval rate:", "steps:", "attention calls:",
                "memory:",
        ];
        string[] found =
            [.. run.Error.Split('\n').Select(l => wanted.FirstOrDefault(w => l.StartsWith(w, StringComparison.Ordinal))).OfType<string>()];
        Assert.Equal(wanted, found);
        Assert.DoesNotContain("eval", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_chat_template_changes_what_the_model_reads()
    {
        JsonElement raw = await Document("--temp", "0", "-n", "2");
        JsonElement chat = await Document("--temp", "0", "-n", "2", "--chat-template", "plain", "--system", "You tell tales.");
        Assert.Equal($"System: You tell tales.\nUser: {Prompt}\nAssistant:", chat.GetProperty("prompt").GetString());
        Assert.True(chat.GetProperty("prompt_tokens").GetInt32() > raw.GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public async Task Cancelling_ends_with_its_own_code()
    {
        using CancellationTokenSource cancelled = new();
        await cancelled.CancelAsync();
        await using StringWriter output = new();
        await using StringWriter error = new();
        int code = await InferometerCommand.RunAsync(["run", "-p", Prompt], output, error, cancelled.Token);
        Assert.Equal(ExitCode.Cancelled, code);
        Assert.Equal("cancelled" + Environment.NewLine, error.ToString());
    }

    [Theory]
    [InlineData("--rope-scaling yarn", "is to be extended must be said, by --rope-scale or by a --ctx longer than that.")]
    [InlineData("--yarn-beta-fast 16", "--yarn-beta-fast: the settings of YaRN need the scheme yarn.")]
    [InlineData("--rope-scaling none --rope-scale 2", "contradicts the scheme none")]
    [InlineData("--lora nothing.gguf", "--lora: there is no file or folder 'nothing.gguf'")]
    [InlineData("--chat-template chatm", "Did you mean 'chatml'")]
    [InlineData("--system You", "the model has no chat template")]
    [InlineData("--draft nothing.gguf", "nothing.gguf: there is no such file")]
    public async Task Options_out_of_range_get_one_line(string options, string expected) =>
        Assert.Contains(expected, Line(await Run(options.Split(' ')), ExitCode.Failed), StringComparison.Ordinal);

    [Theory]
    [InlineData("--ctx 2000", true)]
    [InlineData("--ctx 2000 --rope-scaling yarn", false)]
    [InlineData("--ctx 1024 --rope-freq-base 20000", false)]
    public async Task A_context_longer_than_trained_is_run_with_a_note(string options, bool isNoted)
    {
        CommandRun run = await Run([.. options.Split(' '), "-n", "2"]);
        Assert.Equal(ExitCode.Success, run.Code);
        Assert.Equal(isNoted, run.Error.Contains("was made for 1024 tokens", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--beams 2 --temp 0", "--temp: --beams 2 searches for the most probable text")]
    [InlineData("--beams 4 --json --top-k 3", "--top-k, --json: --beams 4 searches for the most probable text")]
    [InlineData("--draft x --lookup 2", "exclude each other")]
    [InlineData("--draft-tokens 2", "needs --draft")]
    [InlineData("--raw --system x", "contradict")]
    [InlineData("--kv f8", "it must be f16, f32, q8, q4")]
    [InlineData("--format xml", "it must be text or json")]
    [InlineData("--tempp 0", "Did you mean '--temp'")]
    [InlineData("--tempp", "Did you mean '--temp'")]
    [InlineData("--temp hot", "'hot'")]
    [InlineData("--ctx 0", "--ctx: '0' is not allowed; it must be a whole number from 2 to")]
    [InlineData("--temp -1", "--temp: '-1' is not allowed; it must be a number from 0 to 1000.")]
    [InlineData("--temp 0,8", "Decimals are written with a point.")]
    [InlineData("--top-p 0", "--top-p: '0' is not allowed; it must be a number above 0 to 1.")]
    [InlineData("--min-p 2", "--min-p: '2' is not allowed; it must be a number from 0 to 1.")]
    [InlineData("-n 0", "--max-tokens: '0' is not allowed; it must be a whole number from 1 to 2147483647, or -1.")]
    [InlineData("--beams 65", "--beams: '65' is not allowed; it must be a whole number from 1 to 64.")]
    [InlineData("--threads 5000", "--threads: '5000' is not allowed; it must be a whole number from 1 to 1024.")]
    [InlineData("--lookup 17", "--lookup: '17' is not allowed; it must be a whole number from 1 to 16.")]
    [InlineData("--logprobs 101", "--logprobs: '101' is not allowed; it must be a whole number from 0 to 100.")]
    [InlineData("--seed -2", "--seed: '-2' is not allowed; it must be a whole number from -1 to 18446744073709551615.")]
    [InlineData("--seed 18446744073709551616", "--seed: '18446744073709551616' is not allowed")]
    public async Task Contradictions_get_one_line(string options, string expected) =>
        Assert.Contains(expected, Line(await Run(options.Split(' ')), ExitCode.Usage), StringComparison.Ordinal);

    [Fact]
    public async Task A_prompt_longer_than_the_context_is_refused()
    {
        CommandRun run = await CommandRun.Of("run", "-p", string.Join(' ', Enumerable.Repeat("once upon a time", 50)), "--ctx", "32");
        Assert.Contains("32", Line(run, ExitCode.Failed), StringComparison.Ordinal);
    }

    private static string Line(CommandRun run, int code)
    {
        Assert.Equal(code, run.Code);
        Assert.Empty(run.Output);
        string line = Assert.Single(run.Complaints);
        Assert.StartsWith("error: ", line, StringComparison.Ordinal);
        return line;
    }

    private static Task<CommandRun> Run(params string[] options) => CommandRun.Of(["run", "-p", Prompt, .. options]);

    private static async Task<JsonElement> CutOff(params string[] options)
    {
        CommandRun run = await Run([.. options, "--format", "json"]);
        Assert.Equal(ExitCode.Success, run.Code);
        Assert.StartsWith("note: the context of 40 tokens is full", Assert.Single(run.Complaints), StringComparison.Ordinal);
        return JsonSerializer.Deserialize<JsonElement>(run.Output);
    }

    private static async Task<JsonElement> Document(params string[] options)
    {
        CommandRun run = (await Run([.. options, "--format", "json"])).Succeeded();
        return JsonSerializer.Deserialize<JsonElement>(run.Output);
    }
}
