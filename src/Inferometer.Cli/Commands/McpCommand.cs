using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Settings;
using Inferometer.Server.Mcp;
using Inferometer.Simulation.Planning;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer mcp</c>: the simulator as tools for language models.</summary>
internal static class McpCommand
{
    public static Command Create()
    {
        PathOption catalog = DeploymentOptions.CatalogOption(
            "Folder with models/*.json, hardware/*.json and calibration/*.json of your own.");
        ExampleCommand command = new(
            "mcp",
            "Offers the simulator as tools for language models, by the Model Context Protocol over standard input and output. "
                + "'serve' offers the same at /mcp.",
            "inferometer mcp")
        {
            catalog,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using Interrupt interrupt = new(cancellationToken);
            await SimulatorMcpServer.RunAsync(
                Console.OpenStandardInput(), Console.OpenStandardOutput(), Catalogs.From(catalog.Of(parsed)), interrupt.Token)
                .ConfigureAwait(false);
            return ExitCode.Success;
        });
        return command;
    }
}
