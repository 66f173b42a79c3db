using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Recording;
using Inferometer.Cli.Settings;
using Inferometer.Core.Frameworks;
using Inferometer.History.Records;
using Inferometer.Reports.Runs;
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
        UsersAsked asked = new(parsed.Given(_users) ?? 0, parsed.Given(_rate) ?? 0)
        {
            RampSeconds = parsed.Given(_ramp),
            Slo = parsed.IsGiven(_slo) ? _slo.Of(parsed) : null,
        };
        Traffic traffic = TrafficSettings.Generated(asked.Traffic(plan), "poisson");
        FrameworkProfile policy = plan.Framework();
        ServingSimulationOptions options = asked.Options(plan, traffic.Made!) with { KeepOutcomes = recording.IsOn };
        ServiceResult result = _printer.Serve(traffic, plan, options, cancellationToken);
        _printer.Print(result, traffic, config, plan, policy, options, _format.Of(parsed));
        recording.Keep(() => new RunDraft(
            RunKind.Estimate, RunArm.Predicted, plan.Request.Architecture.Name, $"{result.Load.Devices} x {plan.Request.System.Name}",
            RecordedServing.Of(result)));
        return ExitCode.Success;
    }

    private void RequireOfService(ParseResult parsed, SimulationConfig config, string option)
    {
        string? fault = parsed switch
        {
            _ when parsed.IsGiven(_slo) && !parsed.IsGiven(_users) && !parsed.IsGiven(_rate) => "--slo needs --users or --rate",
            _ when parsed.IsGiven(_ramp) && !parsed.IsGiven(_users) => "--ramp needs --users; others come when they come",
            _ when parsed.IsGiven(_users) && parsed.IsGiven(_rate) =>
                "--users and --rate say different things of when requests come; give one of them",
            _ when _operators.Of(parsed) => $"--operators: it is of one step; leave {option} out",
            _ when _allowOverflow.Of(parsed) => $"--allow-overflow: a service needs room for its cache; leave {option} out",
            _ => null,
        };
        if (fault is not null)
        {
            throw new UsageException(fault + ".");
        }

        UsageException.Checking(() => UsersAsked.Require(config, option));
    }
}
