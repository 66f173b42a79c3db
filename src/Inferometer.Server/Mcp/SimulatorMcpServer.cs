using Inferometer.Server.Simulator;
using Inferometer.Simulation.Planning;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Inferometer.Server.Mcp;

/// <summary>
/// The simulator as tools for a program that started this one: by the Model Context Protocol over standard input and output.
/// </summary>
public static class SimulatorMcpServer
{
    /// <summary>Answers until the input ends and every request before its end has its answer.</summary>
    /// <param name="input">Where requests come from.</param>
    /// <param name="output">Where answers go; nothing else may be written there.</param>
    /// <param name="catalogs">Models and machines that can be named; null = what ships with the program.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task RunAsync(Stream input, Stream output, Catalogs? catalogs, CancellationToken cancellationToken)
    {
        using SimulatorService service = new(catalogs);
        McpServerOptions options = new();
        Configure(options, SimulatorTools.Create(service));
        AnsweringTransport transport = new(input, output, "inferometer", cancellationToken);
        await using (transport.ConfigureAwait(false))
        {
            var server = McpServer.Create(transport, options);
            await using (server.ConfigureAwait(false))
            {
                await server.RunAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Sets what a server says of itself, and its tools.</summary>
    internal static void Configure(McpServerOptions options, McpServerPrimitiveCollection<McpServerTool> tools)
    {
        string version = typeof(SimulatorMcpServer).Assembly.GetName().Version!.ToString(3);
        options.ServerInfo = new Implementation { Name = "inferometer", Title = "Inferometer", Version = version };
        options.ServerInstructions = "Predicts how language models are served. Names of models and machines come from the tools models and "
            + "hardware; what is refused is said with what is allowed.";
        options.ToolCollection = tools;
    }
}
