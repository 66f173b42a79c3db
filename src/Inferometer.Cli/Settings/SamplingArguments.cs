using System.CommandLine;
using System.Globalization;
using Inferometer.Cli.Hosting;
using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles.Generation;

namespace Inferometer.Cli.Settings;

/// <summary>The options that say how tokens are chosen.</summary>
internal sealed class SamplingArguments
{
    private readonly Option<float> _temperature = new("--temp", "--temperature")
    {
        HelpName = "T",
        Description = "Temperature; 0 = always the most probable token.",
        DefaultValueFactory = _ => 0.8f,
    };

    private readonly Option<int> _topK = new("--top-k") { HelpName = "K", Description = "Only the K most probable tokens; 0 = all.", DefaultValueFactory = _ => 40 };

    private readonly Option<float> _topP = new("--top-p")
    {
        HelpName = "P",
        Description = "Only the fewest tokens whose probabilities sum up to P.",
        DefaultValueFactory = _ => 0.95f,
    };

    private readonly Option<float> _minP = new("--min-p")
    {
        HelpName = "P",
        Description = "Only tokens at least P times as probable as the most probable one.",
        DefaultValueFactory = _ => 0.05f,
    };

    private readonly Option<float> _repeat = new("--repeat-penalty")
    {
        HelpName = "X",
        Description = "Makes tokens that occurred before less probable; 1 = off.",
        DefaultValueFactory = _ => 1,
    };

    private readonly Option<ulong?> _seed = new("--seed") { HelpName = "N", Description = "Same seed, same output; -1 = another one each time. [default: -1]" };
    private readonly Option<string[]> _stop = new("--stop") { HelpName = "TEXT", Description = "End before this text; may be given several times." };
    private readonly Option<bool> _json = new("--json") { Description = "Let the output be one JSON object." };
    private readonly Option<int?> _logProbabilities = new("--logprobs") { HelpName = "N", Description = "Print each token on a line with its probability and the N most probable ones." };

    /// <summary>Whether anything was said about how to choose.</summary>
    public bool AnyGiven(ParseResult parsed) => All.Any(option => IsGiven(parsed, option));

    private Option[] All => [_temperature, _topK, _topP, _minP, _repeat, _seed, _stop, _json, _logProbabilities];

    public void AddTo(Command command)
    {
        foreach (Option option in All)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>What was given, for the rest what the model's makers recommend, and for the rest of that the defaults.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="recommended">What the model's files say.</param>
    public SamplingOptions Read(ParseResult parsed, SamplingDefaults recommended)
    {
        SamplingOptions options = new()
        {
            Temperature = Choose(parsed, _temperature, recommended.Temperature),
            TopK = Choose(parsed, _topK, recommended.TopK),
            TopP = Choose(parsed, _topP, recommended.TopP),
            MinP = Choose(parsed, _minP, recommended.MinP),
            RepetitionPenalty = Choose(parsed, _repeat, recommended.RepetitionPenalty),
            Seed = parsed.GetValue(_seed),
            StopStrings = parsed.GetValue(_stop) ?? [],
            Json = parsed.GetValue(_json),
            TopLogProbabilities = parsed.GetValue(_logProbabilities),
        };

        // Before minutes of loading; tokens of the vocabulary cannot be given here.
        UsageException.Checking(() => options.Validate(int.MaxValue));
        return options;
    }

    /// <summary>One line that says how tokens will be chosen and which of it the model's files recommend.</summary>
    public string Describe(ParseResult parsed, SamplingDefaults recommended)
    {
        SamplingOptions options = Read(parsed, recommended);
        string[] from =
        [
            .. new (Option Option, bool Said)[]
            {
                (_temperature, recommended.Temperature is not null), (_topK, recommended.TopK is not null), (_topP, recommended.TopP is not null),
                (_minP, recommended.MinP is not null), (_repeat, recommended.RepetitionPenalty is not null),
            }.Where(each => each.Said && !IsGiven(parsed, each.Option)).Select(each => each.Option.Name),
        ];
        string chosen = string.Create(
            CultureInfo.InvariantCulture,
            $"--temp {options.Temperature} --top-k {options.TopK} --top-p {options.TopP} --min-p {options.MinP} --repeat-penalty {options.RepetitionPenalty}");
        return $"sampling     {chosen}{(from.Length > 0 ? $"  ({string.Join(", ", from)} from {recommended.Source})" : "")}";
    }

    private static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    private static T Choose<T>(ParseResult parsed, Option<T> option, T? recommended)
        where T : struct => !IsGiven(parsed, option) && recommended is { } value ? value : parsed.GetValue(option);
}
