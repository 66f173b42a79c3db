using System.CommandLine;
using System.CommandLine.Help;
using Inferometer.Cli.Output;

namespace Inferometer.Cli.Commands;

/// <summary>All commands, in the order the help lists them.</summary>
internal static class CommandTree
{
    private const int HelpWidth = 110;

    public static RootCommand Create(Printer printer)
    {
        RootCommand root = new("Predicts and runs LLM inference, and shows the difference.")
        {
            EstimateCommand.Create(printer),
            CompareCommand.Create(printer),
            SimulateCommand.Create(printer),
            LoadCommand.Create(printer),
            WatchCommand.Create(printer),
            PlanCommand.Create(printer),
            SweepCommand.Create(printer),
            ShowcaseCommand.Create(printer),
            ModelsCommand.Create(printer),
            HardwareCommand.Create(printer),
            FeaturesCommand.Create(printer),
            SelfcheckCommand.Create(printer),
            ValidateCommand.Create(printer),
            FitCommand.Create(printer),
            CalibrateCommand.Create(printer),
            ExplainCommand.Create(printer),
            RunCommand.Create(printer),
            ServeCommand.Create(printer),
            McpCommand.Create(),
            InfoCommand.Create(printer),
            TokenizeCommand.Create(printer),
            BenchCommand.Create(printer),
            HistoryCommand.Create(printer),
            ShowCommand.Create(printer),
            DiffCommand.Create(printer),
            GateCommand.Create(printer),
            ImportCommand.Create(printer),
            AbCommand.Create(printer),
            ReportCommand.Create(printer),
            PerplexityCommand.Create(printer),
            CompressCommand.Create(printer),
            ConvertCommand.Create(printer),
            ImatrixCommand.Create(printer),
            SynthCommand.Create(printer),
            FuzzCommand.Create(printer),
        };
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        HelpAction action = (HelpAction)help.Action!;
        action.MaxWidth = Math.Min(HelpWidth, Terminal.WidthOf(printer.Output) ?? HelpWidth);
        help.Action = new HelpWithExamples(action);
        VersionOption version = root.Options.OfType<VersionOption>().Single();
        version.Description = "Show version, commit and runtime.";
        version.Action = new VersionAction();
        return root;
    }
}
