using System.CommandLine;
using System.Text.Json.Nodes;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Recording;
using Inferometer.Cli.Settings;
using Inferometer.Compression;
using Inferometer.Core;
using Inferometer.History.Records;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Estimates;
using Inferometer.Reports.Runs;
using Inferometer.Reports.Writers;
using Inferometer.Serving;
using Inferometer.Simulation;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Planning;
using Inferometer.Simulation.Results;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer estimate</c>: one model on one machine.</summary>
internal sealed partial class EstimateCommand
{
    private readonly PathArgument _model = new(
        "MODEL",
        PathUse.Name,
        "A name from 'inferometer models', or the path of a config.json, a Hugging Face folder or a .gguf file.",
        isOptional: true);

    private readonly DeploymentOptions _deployment = new();
    private readonly PathOption _config = new(["--config"], PathUse.ReadFile, "Read the estimate from a JSON or YAML file instead.");
    private readonly FlagOption _operators = new(["--operators"], "Print every operator.");
    private readonly FlagOption _allowOverflow = new(["--allow-overflow"], "Print the estimate even where it does not fit in memory.");
    private readonly ValueOption<int> _users = TrafficSettings.UsersOption();
    private readonly ValueOption<double> _rate = TrafficSettings.RateOption();
    private readonly ValueOption<double> _ramp = TrafficSettings.RampOption();
    private readonly ValueOption<Slo> _slo = ServiceSettings.SloOption();
    private readonly ValueOption<OutputFormat> _format = FormatOptions.Create();
    private readonly RecordingSettings _recording = new(whereAsked: true);
    private readonly Printer _printer;

    private EstimateCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        EstimateCommand self = new(printer);
        ExampleCommand command = new(
            "estimate",
            "Estimates latency, throughput, memory, cost and energy of a model on a machine, and shows where the time goes.",
            "inferometer estimate llama-3.1-8b --on h100",
            "inferometer estimate llama-3.1-70b --on h100 --tp 4 --weights fp8 --batch 32 --input 4096 --output 512",
            "inferometer estimate deepseek-v3 --on h200 --tp 8 --ep 8 --bits fp8 --operators",
            "inferometer estimate llama-3.1-8b --on a100 --lora 16:8 --batch 8",
            "inferometer estimate llama-3.1-70b --on h100 --weights fp8 --input 4096 --framework vllm --memory-utilization 0.95",
            "inferometer estimate llama-3.1-70b --on rtx5090+rtx3090 --weights q4_k",
            "inferometer estimate qwen3-30b-a3b --on rtx4080 --weights q4_k -ngl 99 -ot exps=CPU --framework llama.cpp",
            "inferometer estimate llama-3.1-70b --on h100 --tp 4 --draft llama-3.2-1b --acceptance 0.8",
            "inferometer estimate llama-3.1-8b --on flops=312,memory_size=80,memory_bw=2039,icn=300",
            "inferometer estimate llama-3.1-8b --on h100 --users 200",
            "inferometer estimate --config simulation.yaml --format json")
        {
            self._model, self._config, self._operators, self._allowOverflow, self._users, self._rate, self._ramp, self._slo,
            self._format,
        };
        self._recording.AddTo(command);
        self._deployment.AddTo(command);
        command.SetAction((parsed, cancellationToken) => Interrupt.RunAsync(token => self.Run(parsed, token), cancellationToken));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        RunRecording recording = RunRecording.Begin(parsed, _recording, _printer);
        SimulationConfig config = Read(parsed);
        SimulationEngine engine = _deployment.Catalogs(parsed).CreateEngine(new KvProfileReader());
        if (parsed.IsGiven(_users) || parsed.IsGiven(_rate) || parsed.IsGiven(_ramp) || parsed.IsGiven(_slo))
        {
            return Serve(parsed, config, engine, recording, cancellationToken);
        }

        SimulationResult result = engine.Simulate(config);
        if (result.MemoryUsage is { Fits: false } && !_allowOverflow.Of(parsed))
        {
            throw new InferometerException(Overflow.Explain(WithDraft(result, config), FittingChanges.Of(config, engine)));
        }

        Print(parsed, config, result, engine);
        recording.Keep(() => new RunDraft(
            RunKind.Estimate, RunArm.Predicted, result.Model, $"{result.Devices} x {result.System}", RecordedBenchmarks.Of(result)));
        return ExitCode.Success;
    }

    // What does not fit are both models together, and often it is the draft that is too large.
    private static SimulationResult WithDraft(SimulationResult result, SimulationConfig config) =>
        config.SimulationParams.Raw("speculative_decode") is JsonObject group
            && group["draft_model"] is JsonValue draft && draft.TryGetValue(out string? name) && name is not ("mtp" or "ngram")
            ? result with { Model = $"{result.Model} with the draft model {name}" }
            : result;

    private void Print(ParseResult parsed, SimulationConfig config, SimulationResult result, SimulationEngine engine)
    {
        OutputFormat format = _format.Of(parsed);
        if (format == OutputFormat.Json)
        {
            _printer.Output.WriteLine(result.ToJson());
            return;
        }

        IReadOnlyList<FrameworkRoom> rooms = format == OutputFormat.Csv ? [] : FrameworkRoom.Of(config, engine);
        _printer.Print(Page(config, result, _config.Of(parsed), format, _operators.Of(parsed), rooms), format);
    }

    private SimulationConfig Read(ParseResult parsed)
    {
        string? file = _config.Of(parsed);
        string? model = _model.Of(parsed);
        if (file is not null)
        {
            return model is null && !_deployment.AnyGiven(parsed)
                ? SimulationConfig.Load(file)
                : throw new UsageException("--config: the file states the whole estimate; give either it or MODEL with its options.");
        }

        if (model is null)
        {
            throw new UsageException("Say which MODEL, or give a file with --config; 'inferometer models' lists the known ones.");
        }

        return _deployment.ReadOne(parsed, model);
    }

    private static Document Page(
        SimulationConfig config,
        SimulationResult result,
        string? file,
        OutputFormat format,
        bool operators,
        IReadOnlyList<FrameworkRoom> rooms)
    {
        if (format == OutputFormat.Csv)
        {
            return operators
                ? new Document([.. EstimatePage.Operators(result)])
                : ComparisonPage.RowOf(config, result);
        }

        Document page = EstimatePage.Of(config, result, file, rooms);
        foreach (Table table in operators ? EstimatePage.Operators(result) : [])
        {
            page.Blocks.Insert(page.Blocks.Count - 1, table);
        }

        return page;
    }
}
