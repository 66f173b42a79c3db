using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Compression;
using Inferometer.Measurement.Explanation;
using Inferometer.Reports.Explanation;
using Inferometer.Reports.Writers;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Planning;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer explain</c>: why a service is as fast as it is.</summary>
internal sealed class ExplainCommand
{
    private const double MostMilliseconds = 1e9;

    private readonly PathArgument _model = new(
        "MODEL",
        PathUse.Name,
        "A name from 'inferometer models', or the path of a config.json, a Hugging Face folder or a .gguf file.",
        isOptional: true);

    private readonly ValueOption<double> _ttft = Time("--ttft", "Measured: mean time to first token.");
    private readonly ValueOption<double> _tpot = Time("--tpot", "Measured: mean time per output token after the first.");
    private readonly ValueOption<double> _endToEnd = Time("--e2e", "Measured: mean time of a whole request.");
    private readonly DeploymentOptions _deployment = new();
    private readonly ValueOption<OutputFormat> _format = FormatOptions.Create();
    private readonly Printer _printer;

    private ExplainCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        ExplainCommand self = new(printer);
        ExampleCommand command = new(
            "explain",
            "Sets what you measured of a service beside what is forecast, says where they part, and forecasts what would help. "
                + "--batch is the number of users in flight.",
            "inferometer explain llama-3.1-8b --on h100 --batch 64 --input 1000 --output 200 --ttft 900 --tpot 30",
            "inferometer explain llama-3.1-70b --on h100 --tp 4 --bits fp8 --batch 128 --input 4096 --output 512 --tpot 60 --e2e 40000")
        {
            self._model, self._ttft, self._tpot, self._endToEnd, self._format,
        };
        self._deployment.AddTo(command);
        command.SetAction(self.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        string model = _model.Of(parsed)
            ?? throw new UsageException("Say which MODEL; 'inferometer models' lists the known ones.");
        ObservedService observed = new(Given(parsed, _ttft), Given(parsed, _tpot), Given(parsed, _endToEnd));
        if (observed is { TtftMs: null, TpotMs: null, EndToEndMs: null })
        {
            throw new UsageException("Say what was measured, with --ttft, --tpot or --e2e, in milliseconds.");
        }

        Catalogs catalogs = _deployment.Catalogs(parsed);
        SimulationConfig config = catalogs.Canonical(_deployment.ReadOne(parsed, model));
        ServiceExplanation explanation = new ServiceExplainer(catalogs.CreateEngine(new KvProfileReader())).Explain(config, observed);
        string name = config.Model[(config.Model.LastIndexOf('/') + 1)..];
        _printer.Print(
            ExplanationPage.Of(explanation, $"{name} on {explanation.Forecast.Devices} x {explanation.SystemName}"), _format.Of(parsed));
        return ExitCode.Success;
    }

    private static ValueOption<double> Time(string name, string meaning) =>
        new([name], Domains.Number(0, MostMilliseconds, above: true, "MS"), meaning + " Milliseconds.");

    private static double? Given(ParseResult parsed, ValueOption<double> option) => parsed.Given(option);
}
