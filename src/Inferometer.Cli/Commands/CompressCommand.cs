using System.CommandLine;
using Inferometer.Cli.Output;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer compress</c>: profiles of cache compression, made, shown and measured.</summary>
internal static class CompressCommand
{
    public static Command Create(Printer printer)
    {
        ExampleCommand command = new(
            "compress",
            "Makes, shows and measures profiles that compress a model's key/value cache.",
            "inferometer compress build ./model.gguf --calibration book.txt -o model.kvprofile",
            "inferometer compress inspect ./model.kvprofile --level med --html map.html",
            "inferometer compress eval ./model.gguf --text book.txt --kv q8 --kv q4 --kv ./model.kvprofile:low");
        command.Subcommands.Add(CompressBuildCommand.Create(printer));
        command.Subcommands.Add(CompressInspectCommand.Create(printer));
        command.Subcommands.Add(CompressEvalCommand.Create(printer));
        return command;
    }
}
