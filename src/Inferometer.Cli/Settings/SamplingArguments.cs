using System.CommandLine;
using System.Globalization;
using Inferometer.Cli.Hosting;
using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles.Generation;

namespace Inferometer.Cli.Settings;

/// <summary>The options that say how tokens are chosen.</summary>
internal sealed class SamplingArguments
{
    private readonly ValueOption<double> _temperature = new(
        ["--temp", "--temperature"], Domains.Number(0, 1000, help: "T"), "Temperature; 0 = always the most probable token.")
    { Fallback = 0.8 };

    private readonly ValueOption<int> _topK = new(
        ["--top-k"], Domains.Whole(0, int.MaxValue, "K"), "Only the K most probable tokens; 0 = all.")
    { Fallback = 40 };

    private readonly ValueOption<double> _topP = new(
        ["--top-p"], Domains.Number(0, 1, above: true, "P"), "Only the fewest tokens whose probabilities sum up to P.")
    { Fallback = 0.95 };

    private readonly ValueOption<double> _minP = new(
        ["--min-p"], Domains.Number(0, 1, help: "P"), "Only tokens at least P times as probable as the most probable one.")
    { Fallback = 0.05 };

    private readonly ValueOption<double> _repeat = new(
        ["--repeat-penalty"], Domains.Number(0, 1000, above: true), "Makes tokens that occurred before less probable; 1 = off.")
    { Fallback = 1 };

    private readonly ValueOption<Int128> _seed = new(
        ["--seed"], Domains.Whole<Int128>(-1, ulong.MaxValue), "Same seed, same output; -1 = another one each time.")
    { Fallback = -1 };

    private readonly RepeatedOption<string> _stop = new(
        ["--stop"], Domains.Text(), "End before this text; the written form of a control token means the token.");

    private readonly ConstraintArguments _constraint = new();

    private readonly ValueOption<int> _logProbabilities = new(
        ["--logprobs"], Domains.Whole(0, 100), "Print each token on a line with its probability and the N most probable ones.", "off");

    /// <summary>Whether anything was said about how to choose.</summary>
    public string[] Given(ParseResult parsed) => [.. All.Where(parsed.IsGiven).Select(option => option.Name)];

    private Option[] All => [_temperature, _topK, _topP, _minP, _repeat, _seed, _stop, .. _constraint.All, _logProbabilities];

    /// <summary>Adds the options to a command.</summary>
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
            TopK = parsed.Given(_topK) ?? recommended.TopK ?? _topK.Fallback,
            TopP = Choose(parsed, _topP, recommended.TopP),
            MinP = Choose(parsed, _minP, recommended.MinP),
            RepetitionPenalty = Choose(parsed, _repeat, recommended.RepetitionPenalty),
            Seed = _seed.Of(parsed) is var seed && seed >= 0 ? (ulong)seed : null,
            StopStrings = _stop.Of(parsed),
            Constraint = _constraint.Read(parsed),
            TopLogProbabilities = parsed.Given(_logProbabilities),
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
                (_temperature, recommended.Temperature is not null), (_topK, recommended.TopK is not null),
                    (_topP, recommended.TopP is not null),
                (_minP, recommended.MinP is not null), (_repeat, recommended.RepetitionPenalty is not null),
            }.Where(each => each.Said && !parsed.IsGiven(each.Option)).Select(each => each.Option.Name),
        ];
        string chosen = string.Create(
            CultureInfo.InvariantCulture,
            $"--temp {options.Temperature} --top-k {options.TopK} --top-p {options.TopP} --min-p {options.MinP} --repeat-penalty "
                + $"{options.RepetitionPenalty}");
        return $"sampling     {chosen}{(from.Length > 0 ? $"  ({string.Join(", ", from)} from {recommended.Source})" : "")}";
    }

    private static float Choose(ParseResult parsed, ValueOption<double> option, float? recommended) =>
        parsed.Given(option) is { } given ? (float)given : recommended ?? (float)option.Fallback;
}
