using System.CommandLine;
using Inferometer.Cli.Output;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer compress</c>: profiles of the compressed KV cache.</summary>
internal static class CompressCommand
{
    public static Command Create(Printer printer) => new ExampleCommand(
        "compress",
        "Makes, shows and measures profiles of the compressed key/value cache.",
        "inferometer compress build ./model.gguf --calibration book.txt",
        "inferometer compress eval ./model.gguf --kv q8,q4 --text book.txt")
    {
        CompressBuildCommand.Create(printer),
        CompressInspectCommand.Create(printer),
        CompressEvalCommand.Create(printer),
    };
}
