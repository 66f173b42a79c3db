using System.CommandLine;
using Inferometer.Inference.Sampling;

namespace Inferometer.Cli.Settings;

/// <summary>The options that say how tokens are chosen.</summary>
internal sealed class SamplingArguments
{
    private readonly Option<float> _temperature = new("--temp")
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

    private readonly Option<ulong?> _seed = new("--seed") { HelpName = "N", Description = "Same seed, same output. [default: another one each time]" };
    private readonly Option<string[]> _stop = new("--stop") { HelpName = "TEXT", Description = "End before this text; may be given several times." };
    private readonly Option<bool> _json = new("--json") { Description = "Let the output be one JSON object." };
    private readonly Option<int?> _logProbabilities = new("--logprobs") { HelpName = "N", Description = "Print each token on a line with its probability and the N most probable ones." };

    /// <summary>Whether anything was said about how to choose.</summary>
    public bool AnyGiven(ParseResult parsed) => All.Any(option => parsed.GetResult(option) is { Implicit: false });

    private Option[] All => [_temperature, _topK, _topP, _minP, _repeat, _seed, _stop, _json, _logProbabilities];

    public void AddTo(Command command)
    {
        foreach (Option option in All)
        {
            command.Options.Add(option);
        }
    }

    public SamplingOptions Read(ParseResult parsed)
    {
        SamplingOptions options = new()
        {
            Temperature = parsed.GetValue(_temperature),
            TopK = parsed.GetValue(_topK),
            TopP = parsed.GetValue(_topP),
            MinP = parsed.GetValue(_minP),
            RepetitionPenalty = parsed.GetValue(_repeat),
            Seed = parsed.GetValue(_seed),
            StopStrings = parsed.GetValue(_stop) ?? [],
            Json = parsed.GetValue(_json),
            TopLogProbabilities = parsed.GetValue(_logProbabilities),
        };

        // Before minutes of loading; tokens of the vocabulary cannot be given here.
        options.Validate(int.MaxValue);
        return options;
    }
}
