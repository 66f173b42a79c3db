using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Core;
using Inferometer.Core.Frameworks;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Serving;
using Inferometer.Reports.Writers;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Cli.Commands;

/// <summary>A service simulated and printed, the same for every command that does so.</summary>
internal static class ServiceOutput
{
    /// <summary>Serves all that is asked, and says how many requests have come where that takes long.</summary>
    /// <exception cref="InferometerException">Nothing was served, or the deployment does not fit.</exception>
    public static ServiceResult Serve(
        this Printer printer, Traffic traffic, ICostPlan plan, ServingSimulationOptions options, CancellationToken cancellationToken)
    {
        using Progress progress = new(printer, "requests", 0);
        return traffic.Made is { } made
            ? ServingSimulation.Serve(
                () => Counted(new GeneratedArrivals(made)), made.PromptsMayBeginAlike, plan, options, cancellationToken).RequireMeasured()
            : ServingSimulation.Serve(Counted(traffic.Source), plan, options, cancellationToken).RequireMeasured();

        CountedArrivals Counted(IArrivalSource source) => new(source, _ => progress.Advance());
    }

    /// <summary>Prints what a service did.</summary>
    public static void Print(
        this Printer printer, ServiceResult result, Traffic traffic, SimulationConfig config, ICostPlan plan, FrameworkProfile policy,
        ServingSimulationOptions options, OutputFormat format)
    {
        string[] assumptions = [.. ServiceAssumptions.Of(policy, options, plan, traffic.Made)];
        Document document = format switch
        {
            OutputFormat.Json => ServicePage.Full(result, assumptions, plan.Basis),
            OutputFormat.Csv => ServicePage.Row(result),
            _ => ServicePage.Of(result, ServiceTitle.Of(config, plan, result.Load, traffic.Description), assumptions, plan.Basis),
        };
        printer.Print(document, format);
    }
}
