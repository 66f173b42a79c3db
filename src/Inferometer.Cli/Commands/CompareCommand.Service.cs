using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Compression;
using Inferometer.Core;
using Inferometer.Reports.Estimates;
using Inferometer.Reports.Metrics;
using Inferometer.Reports.Serving;
using Inferometer.Reports.Writers;
using Inferometer.Serving;
using Inferometer.Simulation;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Planning;
using Inferometer.Simulation.Serving;

namespace Inferometer.Cli.Commands;

/// <content>Services side by side: each combination is simulated, as <c>estimate</c> does with the same options.</content>
internal sealed partial class CompareCommand
{
    private const int MostServices = 2000; // a second or so each

    private int Serve(ParseResult parsed, CancellationToken cancellationToken)
    {
        ValidateService(parsed);
        string usual = parsed.IsGiven(_rate) ? "e2e" : _best.Fallback; // at a rate all do the same work
        Chooser<ServiceResult> chooser = Choosing(parsed, MetricChoice.OfServices, parsed.IsGiven(_best) ? _best.Of(parsed) : usual);
        IReadOnlyList<SimulationConfig> settings = _deployment.ReadMany(parsed, Models(parsed), _zip.Of(parsed));
        Catalogs catalogs = _deployment.Catalogs(parsed);
        RequireNames(settings, catalogs);
        string option = parsed.IsGiven(_users) ? _users.Name : _rate.Name;
        foreach (SimulationConfig config in settings)
        {
            UsageException.Checking(() => UsersAsked.Require(config, option));
        }

        (SimulationConfig Config, UsersAsked Asked)[] points = Points(parsed, [.. settings.Select(s => catalogs.Canonical(s))], option);
        SimulationEngine engine = catalogs.CreateEngine(new KvProfileReader());
        ServedEstimate[] all = new ServedEstimate[points.Length];
        using (Progress progress = new(_printer, "services", points.Length))
        {
            Parallel.For(0, points.Length, new ParallelOptions { CancellationToken = cancellationToken }, i =>
            {
                all[i] = ServedEstimate.Of(points[i].Config, points[i].Asked, engine, cancellationToken);
                progress.Advance();
            });
        }

        if (Array.TrueForAll(all, row => row.Result is null))
        {
            string others = all.Length > 1 ? $" (and {all.Length - 1} more: none of the combinations is possible)" : "";
            throw new InferometerException(Overflow.ReasonOf(all[0].Deployment) + others);
        }

        IReadOnlyList<ServedEstimate> rows = chooser.Choose(all, row => row.Result);
        OutputFormat format = _format.Of(parsed);
        bool forPeople = format is OutputFormat.Table or OutputFormat.Markdown;
        bool comparable = parsed.IsGiven(_best) || rows.All(row => row.Asked == rows[0].Asked); // of loads the lightest would be the best
        _printer.Print(
            ServiceComparisonPage.Of(rows, comparable ? chooser.Objective : null, forPeople, all.Length - rows.Count), format);
        return ExitCode.Success;
    }

    private void ValidateService(ParseResult parsed)
    {
        if (parsed.IsGiven(_users) && parsed.IsGiven(_rate))
        {
            throw new UsageException("--users and --rate say different things of when requests come; give one of them.");
        }

        if (!parsed.IsGiven(_users) && !parsed.IsGiven(_rate))
        {
            throw new UsageException("--slo needs --users or --rate.");
        }
    }

    // Users and rates change fastest, or go in step with the others.
    private (SimulationConfig Config, UsersAsked Asked)[] Points(ParseResult parsed, SimulationConfig[] configs, string option)
    {
        Slo? slo = parsed.IsGiven(_slo) ? _slo.Of(parsed) : null;
        UsersAsked[] asked = parsed.IsGiven(_users)
            ? [.. _users.Of(parsed).Select(users => new UsersAsked(users, 0) { Slo = slo })]
            : [.. _rate.Of(parsed).Select(rate => new UsersAsked(0, rate) { Slo = slo })];
        if (_zip.Of(parsed))
        {
            int count = Math.Max(configs.Length, asked.Length);
            return (configs.Length == count || configs.Length == 1) && (asked.Length == count || asked.Length == 1)
                ? [.. Enumerable.Range(0, count).Select(i => (configs[i % configs.Length], asked[i % asked.Length]))]
                : throw new UsageException(
                    $"--zip: {option} has {asked.Length} values and the other lists {configs.Length}; lists in step are of one length.");
        }

        long services = (long)configs.Length * asked.Length;
        return services <= MostServices
            ? [.. configs.SelectMany(config => asked.Select(each => (config, each)))]
            : throw new UsageException(
                $"{services} services are too many to compare; at most {MostServices} are simulated here, any number by 'sweep'.");
    }
}
