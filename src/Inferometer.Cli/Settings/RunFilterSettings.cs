using System.CommandLine;
using System.Globalization;
using Inferometer.History.Records;
using Inferometer.History.Stores;

namespace Inferometer.Cli.Settings;

/// <summary>The options that choose runs of the history.</summary>
internal sealed class RunFilterSettings
{
    private readonly ListOption<RunKind> _kinds = new(
        ["--kind"], Domains.Word([.. RunWords.Kinds]), "Runs of these commands.", [], "all");

    private readonly ValueOption<RunArm> _arm = new(
        ["--arm"], Domains.Word(("measured", RunArm.Measured), ("predicted", RunArm.Predicted)), "Measured, or predicted.", "both");

    private readonly ValueOption<string> _model = new(["--model"], Domains.Text("NAME"), "Models with this in their name.");
    private readonly ValueOption<string> _tag = new(["--tag"], new("NAME", null, RunReference.CheckLabel), "Runs with this tag.");
    private readonly ValueOption<DateTimeOffset> _since = new(
        ["--since"], new("TIME", "30m, 12h, 7d, or a date such as 2026-01-31", ReadTime), "Runs begun then or later.");

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(_kinds);
        command.Add(_arm);
        command.Add(_model);
        command.Add(_tag);
        command.Add(_since);
    }

    /// <summary>The filter.</summary>
    public RunFilter Read(ParseResult parsed) => new()
    {
        Kinds = _kinds.Of(parsed),
        Arm = parsed.Given(_arm),
        Model = parsed.IsGiven(_model) ? _model.Of(parsed) : null,
        Tag = parsed.IsGiven(_tag) ? _tag.Of(parsed) : null,
        Since = parsed.Given(_since),
    };

    private static DateTimeOffset ReadTime(string text, string origin)
    {
        if (text.Length > 1 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            && count <= 1_000_000 && text[^1] is 'm' or 'h' or 'd')
        {
            return DateTimeOffset.UtcNow - (text[^1] switch
            {
                'm' => TimeSpan.FromMinutes(count),
                'h' => TimeSpan.FromHours(count),
                _ => TimeSpan.FromDays(Math.Min(count, 100_000)),
            });
        }

        string[] forms = ["yyyy-MM-dd", "yyyy-MM-ddTHH:mm", "yyyy-MM-ddTHH:mm:ss", "yyyy-MM-ddTHH:mmK", "yyyy-MM-ddTHH:mm:ssK"];
        return DateTimeOffset.TryParseExact(text, forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out DateTimeOffset time)
            ? time
            : throw Domains.Wrong(origin, text, "a time back, such as 30m, 12h or 7d, or a date, such as 2026-01-31 or 2026-01-31T08:30");
    }
}
