using Inferometer.Core;
using Inferometer.Planning;
using Inferometer.Planning.Fleets;
using Inferometer.Planning.Inventory;
using Inferometer.Planning.Launching;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Planning;
using Inferometer.Simulation.Planning;

namespace Inferometer.Server.Simulator;

/// <summary>A plan ready to be made once.</summary>
internal sealed class PlanRun
{
    private readonly Func<Action<double>, CancellationToken, string> _make;

    /// <summary>A plan for a load.</summary>
    /// <param name="catalogs">Models and machines.</param>
    /// <param name="request">What is asked.</param>
    /// <param name="pools">Two pools, short prompts and long ones, are looked at too.</param>
    /// <param name="emit">What starts the chosen one is told too, one of <see cref="PlanLaunch.Kinds"/>; null = it is not.</param>
    public PlanRun(Catalogs catalogs, PlanRequest request, bool pools, string? emit = null) => _make = pools
        ? (progress, cancelled) =>
            SimulatorService.Print(FleetPage.Of(new FleetPlanner(new Planner(catalogs)).Plan(request, progress, cancelled)))
        : (progress, cancelled) =>
        {
            PlanResult plan = new Planner(catalogs).Plan(request, progress, cancelled);
            Document page = PlanTables.Full(plan);
            if (emit is not null)
            {
                page.Blocks.Add(PlanTables.Launch(PlanLaunch.Of(plan, catalogs.Models, emit)));
            }

            return SimulatorService.Print(page);
        };

    /// <summary>What can be served on devices there are.</summary>
    /// <param name="catalogs">Models and machines.</param>
    /// <param name="request">What is asked.</param>
    public PlanRun(Catalogs catalogs, InventoryRequest request) => _make = (progress, cancelled) =>
        SimulatorService.Print(InventoryPage.Of(new InventoryPlanner(catalogs).Plan(request, progress, cancelled), request, int.MaxValue));

    /// <summary>Makes it.</summary>
    /// <param name="progress">Told the share that is done, 0 to 1, from any thread.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <returns>What <c>plan --format json</c> prints, with what <c>--emit</c> prints where that was asked for.</returns>
    /// <exception cref="InferometerException">There is nothing to choose from.</exception>
    public string Run(Action<double> progress, CancellationToken cancellationToken) => _make(progress, cancellationToken);
}
