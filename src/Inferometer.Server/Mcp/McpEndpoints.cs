using Inferometer.Server.Simulator;
using Inferometer.Server.Wire;
using Inferometer.Simulation.Planning;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Server;

namespace Inferometer.Server.Mcp;

/// <summary>
/// <c>/mcp</c>: the simulator as tools, by the Model Context Protocol over HTTP. No sessions: each request stands by itself.
/// </summary>
internal sealed class McpEndpoints : IEndpointGroup
{
    /// <summary>What the routes need of the host. Options are made anew for each request, the tools once.</summary>
    /// <param name="services">What the host has.</param>
    /// <param name="catalogs">Models and machines that can be named; null = what ships with the program.</param>
    public static void AddServices(IServiceCollection services, Catalogs? catalogs)
    {
        services.AddSingleton(_ => new SimulatorService(catalogs));
        services.AddSingleton(provider => SimulatorTools.Create(provider.GetRequiredService<SimulatorService>()));
        services.AddOptions<McpServerOptions>()
            .Configure<McpServerPrimitiveCollection<McpServerTool>>((options, tools) => SimulatorMcpServer.Configure(options, tools));
        services.AddMcpServer().WithHttpTransport(transport => transport.Stateless = true);
    }

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes) => routes.MapMcp("/mcp").WithMetadata(ErrorStyle.OpenAi);
}
