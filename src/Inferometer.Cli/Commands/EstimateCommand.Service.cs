using System.CommandLine;
using System.Globalization;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Recording;
using Inferometer.Cli.Settings;
using Inferometer.Core.Deployments;
using Inferometer.Core.Frameworks;
using Inferometer.History.Records;
using Inferometer.Reports.Runs;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Cli.Commands;

/// <content>
/// An estimate for users who come and go: they do not ask all at once, as the requests of a batch do, so a service is simulated, as
/// <c>simulate</c> does with its defaults, but with lengths that vary by a fifth.
/// </content>
internal sealed partial class EstimateCommand
{
    private int Serve(
        ParseResult parsed, SimulationConfig config, SimulationEngine engine, RunRecording recording, CancellationToken cancellationToken)
    {
        string option = parsed.IsGiven(_users) ? _users.Name : _rate.Name;
        RequireOfService(parsed, config, option);
        ICostPlan plan = engine.Prepare(config);
        int users = parsed.Given(_users) ?? 0;
        Workload workload = plan.Request.Workload;
        TrafficOptions asked = new()
        {
            Users = users,
            RampSeconds = users == 0 ? 0 : parsed.Given(_ramp) ?? TrafficSettings.UsualRamp(
                plan, users, workload.InputTokens, workload.OutputTokens),
            Process = parsed.Given(_rate) is { } rate ? ArrivalProcess.Parse("poisson", rate) : null,
            Input = Around(workload.InputTokens - workload.CachedPrefixTokens),
            Output = Around(workload.OutputTokens),
            SharedPrefixTokens = workload.CachedPrefixTokens,
        };
        Traffic traffic = TrafficSettings.Generated(asked with { Requests = UsualRequests.Of(plan, asked) }, "poisson");
        FrameworkProfile policy = plan.Framework();
        ServingSimulationOptions options = policy.OptionsFor(plan) with
        {
            WarmUp = traffic.WarmUp,
            KeepOutcomes = recording.IsOn,
        };
        ServiceResult result = _printer.Serve(traffic, plan, options, cancellationToken);
        _printer.Print(result, traffic, config, plan, policy, options, _format.Of(parsed));
        recording.Keep(() => new RunDraft(
            RunKind.Estimate, RunArm.Predicted, plan.Request.Architecture.Name, $"{result.Load.Devices} x {plan.Request.System.Name}",
            RecordedServing.Of(result)));
        return ExitCode.Success;
    }

    // Users whose requests were all alike would keep step with each other for ever.
    private static LengthDistribution Around(int tokens)
    {
        int spread = tokens / 5;
        return LengthDistribution.Parse(string.Create(CultureInfo.InvariantCulture, $"uniform:{tokens - spread},{tokens + spread}"));
    }

    private void RequireOfService(ParseResult parsed, SimulationConfig config, string option)
    {
        string? fault = parsed switch
        {
            _ when parsed.IsGiven(_ramp) && !parsed.IsGiven(_users) => "--ramp needs --users; others come when they come",
            _ when parsed.IsGiven(_users) && parsed.IsGiven(_rate) =>
                "--users and --rate say different things of when requests come; give one of them",
            _ when config.SimulationParams.Int32("batch_size", 1) != 1 =>
                $"--batch: with {option} the scheduler makes the batch; leave it out",
            _ when config.SimulationParams.Int32("beam_size", 1) != 1 => $"--beams: {option} is simulated without beams",
            _ when !config.Features.Contains("prefill", StringComparer.Ordinal)
                || !config.Features.Contains("decode", StringComparer.Ordinal) => $"{option}: a service both reads prompts and generates",
            _ when _operators.Of(parsed) => $"--operators: it is of one step; leave {option} out",
            _ when _allowOverflow.Of(parsed) => $"--allow-overflow: a service needs room for its cache; leave {option} out",
            _ => null,
        };
        if (fault is not null)
        {
            throw new UsageException(fault + ".");
        }
    }
}
