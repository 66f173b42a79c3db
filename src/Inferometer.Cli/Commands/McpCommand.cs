using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Server.Mcp;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer mcp</c>: the simulator as tools for language models.</summary>
internal static class McpCommand
{
    public static Command Create()
    {
        ExampleCommand command = new(
            "mcp",
            "Offers the simulator as tools for language models, by the Model Context Protocol over standard input and output. "
                + "'serve' offers the same at /mcp.",
            "inferometer mcp");
        command.SetAction(async (_, cancellationToken) =>
        {
            using Interrupt interrupt = new(cancellationToken);
            await SimulatorMcpServer.RunAsync(
                Console.OpenStandardInput(), Console.OpenStandardOutput(), interrupt.Token).ConfigureAwait(false);
            return ExitCode.Success;
        });
        return command;
    }
}
