using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Recording;
using Inferometer.Cli.Settings;
using Inferometer.Compression;
using Inferometer.Core;
using Inferometer.History.Records;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Runs;
using Inferometer.Reports.Serving;
using Inferometer.Reports.Writers;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer simulate</c>: a model served to many, on a virtual clock.</summary>
internal sealed class SimulateCommand
{
    // Of more, only the figures are kept: a hundred bytes for each would be held until the end.
    private const int MostKeptRequests = 100_000;

    private readonly PathArgument _model = new(
        "MODEL",
        PathUse.Name,
        "A name from 'inferometer models', or the path of a config.json, a Hugging Face folder or a .gguf file.",
        isOptional: true);

    private readonly DeploymentOptions _deployment = new(ofService: true);
    private readonly TrafficSettings _traffic = new();
    private readonly ServiceSettings _service = new();
    private readonly PathOption _timeline = new(
        ["--timeline"], PathUse.WriteFile, "Write what became of each request, a row each: .csv, or .jsonl for JSON lines.");

    private readonly ValueOption<OutputFormat> _format = FormatOptions.Create();
    private readonly RecordingSettings _recording = new();
    private readonly Printer _printer;

    private SimulateCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        SimulateCommand self = new(printer);
        ExampleCommand command = new(
            "simulate",
            "Simulates a service: requests arrive, queue, are batched by the engine's own scheduler and answered, on a virtual clock. "
                + "Shows latency percentiles, throughput, goodput, queue, cache, energy and cost.",
            "inferometer simulate llama-3.1-8b --on h100 --rate 10 --input 1024 --output 256",
            "inferometer simulate llama-3.1-8b --on h100 --users 200 --think exp:10 --slo ttft:500ms,tpot:40ms",
            "inferometer simulate llama-3.1-70b --on h100 --tp 4 --rate 8 --input lognormal:1500,900 --duration 300",
            "inferometer simulate llama-3.1-8b --on h100 --rate 40 --replicas 4 --router least-tokens --arrivals gamma:0.3",
            "inferometer simulate llama-3.1-70b --on h100 --tp 4 --rate 12 --replicas 3 --prefill-replicas 1 --kv-link 50",
            "inferometer simulate llama-3.1-8b --on h100 --rate 2 --turns 4 --shared-prefix 800 --policy sglang -f json")
        {
            self._model,
        };
        self._traffic.AddTo(command);
        self._service.AddTo(command);
        command.Add(self._timeline);
        command.Add(self._format);
        self._recording.AddTo(command);
        self._deployment.AddTo(command);
        command.SetAction((parsed, cancellationToken) => Interrupt.RunAsync(token => self.Run(parsed, token), cancellationToken));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        string model = _model.Of(parsed) ?? throw new UsageException("Say which MODEL; 'inferometer models' lists the known ones.");
        RunRecording recording = RunRecording.Begin(parsed, _recording, _printer);
        SimulationConfig config = _deployment.ReadOne(parsed, model);
        Action<Document>? timeline = RowFile.At(_timeline.Of(parsed), _timeline.Name);
        ICostPlan plan = _deployment.Catalogs(parsed).CreateEngine(new KvProfileReader()).Prepare(config);
        Traffic traffic = _traffic.Read(parsed, plan, model, replicas: _service.Replicas(parsed));
        if (traffic.IsEmpty)
        {
            throw new InferometerException($"{traffic.Description}: there is nothing to serve.");
        }

        ServingSimulationOptions options =
            _service.Read(parsed, plan, traffic, _traffic.Seed(parsed)) with
            {
                KeepOutcomes = timeline is not null || recording.IsOn && traffic.Made?.Requests <= MostKeptRequests,
            };
        ServiceResult result = _printer.Serve(traffic, plan, options, cancellationToken);
        timeline?.Invoke(new Document(TimelineTable.Of(result.Outcomes)));
        _printer.Print(result, traffic, config, plan, _service.Policy(parsed, plan), options, _format.Of(parsed));
        recording.Keep(() => new RunDraft(
            RunKind.Simulate, RunArm.Predicted, plan.Request.Architecture.Name, $"{result.Load.Devices} x {plan.Request.System.Name}",
            RecordedServing.Of(result)));
        return ExitCode.Success;
    }
}
