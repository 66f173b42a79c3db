using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Compression;
using Inferometer.Measurement.Explanation;
using Inferometer.Reports.Explanation;
using Inferometer.Reports.Serving;
using Inferometer.Reports.Writers;
using Inferometer.Simulation;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
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
    private readonly DeploymentOptions _deployment = new(ofService: true);
    private readonly TrafficSettings _traffic = new();
    private readonly ServiceSettings _service = new();
    private readonly ValueOption<OutputFormat> _format = FormatOptions.Create();
    private readonly Printer _printer;

    private ExplainCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        ExplainCommand self = new(printer);
        ExampleCommand command = new(
            "explain",
            "Sets what you measured of a service beside its simulation: where the time goes, where the two part, what may be the cause, "
                + "and what would help. The load and the service are said as for 'simulate'.",
            "inferometer explain llama-3.1-8b --on h100 --users 64 --input 1000 --output 200 --ttft 900 --tpot 30",
            "inferometer explain llama-3.1-8b --on h100 --rate 5 --input 2000 --output 200 --framework vllm --ttft 450 --tpot 12",
            "inferometer explain llama-3.1-70b --on h100 --tp 4 --bits fp8 --users 128 --input 4096 --output 512 --tpot 60 --e2e 40000")
        {
            self._model, self._ttft, self._tpot, self._endToEnd,
        };
        self._traffic.AddTo(command);
        self._service.AddOfServiceTo(command);
        command.Add(self._format);
        self._deployment.AddTo(command);
        command.SetAction((parsed, cancellationToken) => Task.Run(() => self.Run(parsed, cancellationToken), cancellationToken));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        string model = _model.Of(parsed)
            ?? throw new UsageException("Say which MODEL; 'inferometer models' lists the known ones.");
        ObservedService observed = new(parsed.Given(_ttft), parsed.Given(_tpot), parsed.Given(_endToEnd));
        if (observed is { TtftMs: null, TpotMs: null, EndToEndMs: null })
        {
            throw new UsageException("Say what was measured, with --ttft, --tpot or --e2e, in milliseconds.");
        }

        using Interrupt interrupt = new(cancellationToken);
        Catalogs catalogs = _deployment.Catalogs(parsed);
        SimulationConfig config = catalogs.Canonical(_deployment.ReadOne(parsed, model));
        SimulationEngine engine = catalogs.CreateEngine(new KvProfileReader());
        ExplainedService service = new()
        {
            Config = config,
            Options = plan => _service.Read(parsed, plan),
            Traffic = plan =>
            {
                Traffic asked = Asked(parsed, plan, model);
                return asked.Trace is { } trace ? new ServiceTraffic(trace) : new ServiceTraffic(asked.Made!);
            },
        };
        ServiceExplanation explanation = new ServiceExplainer(engine).Explain(service, observed, interrupt.Token);
        ICostPlan stated = engine.Prepare(config);
        string title = ServiceTitle.Of(config, stated, explanation.Forecast.Result.Load, Asked(parsed, stated, model).Description);
        _printer.Print(ExplanationPage.Of(explanation, title), _format.Of(parsed));
        return ExitCode.Success;
    }

    private Traffic Asked(ParseResult parsed, ICostPlan plan, string model) =>
        _traffic.Read(parsed, plan, model, replicas: _service.Replicas(parsed));

    private static ValueOption<double> Time(string name, string meaning) =>
        new([name], Domains.Number(0, MostMilliseconds, above: true, "MS"), meaning + " Milliseconds.");
}
