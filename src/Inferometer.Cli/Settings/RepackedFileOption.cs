using Inferometer.Cli.Output;
using Inferometer.Cpu.Weights;
using Inferometer.Reports.Documents;

namespace Inferometer.Cli.Settings;

/// <summary>
/// The option <c>--repack-cache</c>: keep repacked weights in a file beside the model. A file that is there is used without it.
/// </summary>
internal static class RepackedFileOption
{
    /// <summary>Makes the option for a command.</summary>
    public static FlagOption Create() => new(
        ["--repack-cache"],
        "Keep the repacked weights in MODEL.repacked, as large as the model, for faster starts; once there it is used without this "
            + "option.");

    /// <summary>What the option asks of loading.</summary>
    public static RepackedFileUse Use(bool isGiven) => isGiven ? RepackedFileUse.ReadOrWrite : RepackedFileUse.Read;

    /// <summary>Says on standard error what a user would not expect: a file that is not used and why, or what the option did.</summary>
    public static void Explain(Printer printer, RepackedFileReport report)
    {
        string? line = report.Outcome switch
        {
            RepackedFileOutcome.Unusable =>
                $"note: {report.Path} is not used: {report.Reason}. The weights were repacked anew; --repack-cache would replace the file.",
            RepackedFileOutcome.Written =>
                $"note: {report.Path}: repacked weights kept, {Numbers.Bytes(report.ByteCount)}{(report.Reason is null ? "" : $", in "
                    + $"place of a file that could not be used: {report.Reason}")}.",
            RepackedFileOutcome.NotNeeded =>
                "note: --repack-cache: this model's weights are used as they are stored, so there is nothing to keep.",
            _ => null,
        };
        if (line is not null)
        {
            printer.Error.WriteLine(line);
        }
    }
}
