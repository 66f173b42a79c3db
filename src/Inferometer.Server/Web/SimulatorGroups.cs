using Inferometer.Server.Mcp;
using Inferometer.Server.Simulator;
using Inferometer.Server.Wire;
using Microsoft.Extensions.Logging;

namespace Inferometer.Server.Web;

/// <summary>The simulator's routes and the page that uses them.</summary>
internal static class SimulatorGroups
{
    /// <summary>All of them, over one simulator.</summary>
    /// <param name="service">The simulator.</param>
    /// <param name="version">The program's version.</param>
    /// <param name="logger">Told of faults.</param>
    /// <param name="stopping">The server stops: jobs end.</param>
    public static IEndpointGroup[] Create(SimulatorService service, string version, ILogger logger, CancellationToken stopping)
    {
        JobQueue jobs = new(logger, stopping);
        return
        [
            new SimulatorEndpoints(service, jobs), new JobEndpoints(jobs), new CatalogEndpoints(service, version), new McpEndpoints(),
            new PageEndpoints(),
        ];
    }
}
