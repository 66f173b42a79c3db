using System.CommandLine;
using System.Globalization;
using Inferometer.Cli.Generation;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.Cli.Output;
using Inferometer.Cli.Recording;
using Inferometer.Cli.Settings;
using Inferometer.Compression;
using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.History.Records;
using Inferometer.Inference.Engine;
using Inferometer.Measurement.Energy;
using Inferometer.Measurement.Load;
using Inferometer.Reports.Benchmarks;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Load;
using Inferometer.Reports.Runs;
using Inferometer.Reports.Serving;
using Inferometer.Reports.Writers;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Planning;
using Inferometer.Simulation.Serving;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer load</c>: a load on a service, measured, beside what is predicted for it.</summary>
internal sealed class LoadCommand
{
    private const string KeyVariable = "OPENAI_API_KEY";
    private const int DefaultSequences = 16;

    private readonly PathArgument _model = new(
        "MODEL",
        PathUse.Name,
        "With --url, what the service runs, for the prediction: a name from 'inferometer models' or a path. Without, the .gguf file or "
            + "Hugging Face folder that the engine of this process runs; the bundled one where none is named.",
        isOptional: true);

    private readonly ValueOption<Uri> _url = new(
        ["--url", "--base-url"], Addresses.Service(), "Address of an OpenAI-compatible service, such as http://localhost:8000.",
        "the engine of this process");

    private readonly ValueOption<string> _served = new(
        ["--served-model-name"], Domains.Text("NAME"), "What the service calls its model.", "the first that it lists");

    private readonly ValueOption<string> _endpoint = new(
        ["--endpoint"], Domains.Word(("completions", "completions"), ("chat", "chat")), "Which interface is asked: /v1/completions or "
            + "/v1/chat/completions.")
    { Fallback = "completions" };

    private readonly FlagOption _eos = new(
        ["--stop-at-eos"], "Let answers end where the model ends them, instead of asking for exactly --output tokens (ignore_eos).");

    private readonly ValueOption<double> _timeout = new(
        ["--timeout"], Domains.Number(0, 86_400, above: true, help: "SECONDS"), "Time after which a request counts as failed.")
    { Fallback = 600 };

    private readonly FlagOption _sweep = new(
        ["--sweep-rate"], "Begin at --rate and find the highest rate that the service keeps up with, --requests at each.");

    private readonly ValueOption<int> _threads = EngineSettings.ThreadsOption();
    private readonly TrafficSettings _traffic = new();
    private readonly ServiceSettings _service = new();
    private readonly DeploymentOptions _deployment = new(ofService: true);
    private readonly PathOption _timeline = new(
        ["--timeline"], PathUse.WriteFile, "Write what became of each request, a row each: .csv, or .jsonl for JSON lines.");

    private readonly ValueOption<OutputFormat> _format = FormatOptions.Create();
    private readonly RecordingSettings _recording = new();
    private readonly Printer _printer;

    private LoadCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        LoadCommand self = new(printer);
        ExampleCommand command = new(
            "load",
            "Puts a load on a service and measures what its users see: any OpenAI-compatible server, or the engine of this process. "
                + "With --on, the machine, the same requests are also predicted, and the two are set beside each other.",
            "inferometer load --url http://localhost:8000 --rate 4 --requests 200 --input 512 --output 128",
            "inferometer load --url http://localhost:8000 --users 16 --requests 200 --slo ttft:500ms,tpot:40ms",
            "inferometer load llama-3.1-8b --url http://localhost:8000 --rate 4 --on h100 --framework vllm",
            "inferometer load --url http://localhost:8000 --rate 1 --requests 100 --sweep-rate --slo ttft:1s,tpot:50ms",
            "inferometer load --users 4 --requests 40 --input 64 --output 32",
            "inferometer load ./qwen3-0.6b-q8_0.gguf --rate 2 --requests 50 --input 128 --output 64 -f json")
        {
            self._model, self._url, self._served, self._endpoint, self._eos, self._timeout, self._sweep, self._threads,
        };
        self._traffic.AddTo(command);
        self._service.AddTo(command);
        command.Add(self._timeline);
        command.Add(self._format);
        self._recording.AddTo(command);
        self._deployment.AddTo(command);
        command.SetAction(self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        Catalogs catalogs = _deployment.Catalogs(parsed);
        bool overNetwork = parsed.IsGiven(_url);
        Require(parsed, overNetwork);
        RunRecording recording = RunRecording.Begin(parsed, _recording, _printer);
        Action<Document>? timeline = RowFile.At(_timeline.Of(parsed), _timeline.Name);
        ICostPlan? plan = Plan(parsed, catalogs);
        Traffic traffic = _traffic.Read(parsed, plan, _model.Of(parsed));
        if (traffic.IsEmpty)
        {
            throw new InferometerException($"{traffic.Description}: there is nothing to ask.");
        }

        ServingSimulationOptions? predicted = plan is null
            ? null
            : _service.Read(parsed, plan, traffic, _traffic.Seed(parsed)) with { KeepOutcomes = recording.IsOn };
        using Interrupt interrupt = new(cancellationToken);
        using EnergyMeter? energy = !overNetwork ? EnergyMeter.Open() : _url.Of(parsed).IsLoopback ? EnergyMeter.OpenWithDevices() : null;
        LoadOptions options = new()
        {
            Energy = energy,
            WarmUp = _service.WarmUp(parsed, traffic),
            Slo = _service.Slo(parsed),
            Timeout = TimeSpan.FromSeconds(_timeout.Of(parsed)),
        };
        using OpenTarget target = Open(parsed, overNetwork, interrupt.Token);
        await target.Target.PrepareAsync(interrupt.Token).ConfigureAwait(false);
        Compare(_model.Of(parsed), target.Target, catalogs.Models);
        if (_sweep.Of(parsed))
        {
            LoadSweep sweep = await LoadSweep.RunAsync(
                rate => RunAsync(
                    target.Target, _traffic.Read(parsed, plan, _model.Of(parsed), rate), options with { Stop = interrupt.Token },
                    CancellationToken.None),
                _traffic.Rate(parsed)!.Value, interrupt.Token).ConfigureAwait(false);
            Print(parsed, sweep, target.Target.Name);
            if (sweep.StoppedAt is not null)
            {
                throw new OperationCanceledException(interrupt.Token);
            }

            Keep(Subject(parsed, target.Target), recording, sweep);
            return ExitCode.Success;
        }

        // Ctrl+C ends the load, not the command: what was answered until then took time to measure and is worth showing.
        LoadResult measured = await RunAsync(
            target.Target, traffic, options with { Stop = interrupt.Token }, CancellationToken.None).ConfigureAwait(false);
        timeline?.Invoke(new Document(TimelineTable.Of([.. measured.Timelines.Select(t => t.ToOutcome())])));

        if (measured.IsStoppedEarly)
        {
            // Neither kept nor set beside a prediction of the whole: it is another load than the one that was asked for.
            Print(parsed, new LoadComparison(measured, null), traffic, plan: null, options: null);
            throw new OperationCanceledException(interrupt.Token);
        }

        // Users of a closed loop ask when they are answered; in the prediction, by the prediction.
        IArrivalSource? users = traffic.Source.Listens ? _traffic.Read(parsed, plan, _model.Of(parsed)).Source : null;
        LoadComparison load = plan is null
            ? new LoadComparison(measured, null)
            : LoadComparison.Of(measured, plan, predicted!, users, interrupt.Token);
        Print(parsed, load, traffic, plan, predicted);
        Keep(Subject(parsed, target.Target), recording, load, plan);
        return measured.Errors.Count == 0 ? ExitCode.Success : ExitCode.Failed;
    }

    // The prediction and the record are of MODEL, whatever answers: that the two are one is looked at as far as names tell.
    private void Compare(string? model, ILoadTarget target, ModelCatalog known)
    {
        if (target is not OpenAiTarget service)
        {
            return;
        }

        if (service.Listed.Count > 1)
        {
            _printer.Error.WriteLine(
                $"note: {service.Name} lists {string.Join(", ", service.Listed.Select(name => $"'{name}'"))}; '{service.Model}' is asked, "
                    + $"{_served.Name} takes another.");
        }

        if (model is null || service.Model.Equals(Path.GetFileNameWithoutExtension(model), StringComparison.OrdinalIgnoreCase)
            || service.Model.Equals(model, StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        CatalogModel? served = known.TryFind(service.Model), said = known.TryFind(model);
        if (served is not null && said is not null && served != said && service.Listed.Count > 0)
        {
            throw new InferometerException(
                $"{service.Name} serves '{service.Model}', and MODEL is '{model}': a prediction of one says nothing of the other. Give the "
                    + $"model that runs, or say with {_served.Name} which is asked.");
        }

        if (served is null || served != said)
        {
            _printer.Error.WriteLine(
                $"note: {service.Name} calls its model '{service.Model}'; what is predicted and kept is of MODEL, '{model}'.");
        }
    }

    private static void Keep((string Model, string On) subject, RunRecording recording, LoadComparison load, ICostPlan? plan)
    {
        (string model, string on) = subject;
        recording.Keep(
            () => new RunDraft(RunKind.Load, RunArm.Measured, model, on, RecordedServing.Of(load.Measured)),
            load.Predicted is { } predicted
                ? () => new RunDraft(RunKind.Load, RunArm.Predicted, model, plan!.Request.System.Name, RecordedServing.Of(predicted))
                : null);
    }

    private void Keep((string Model, string On) subject, RunRecording recording, LoadSweep sweep)
    {
        (string model, string on) = subject;
        recording.Keep(
            () => new RunDraft(RunKind.LoadSweep, RunArm.Measured, model, on, RecordedSweep.Of(sweep)),
            () => sweep.Points.Select(point => new RunPartDraft(
                new RunDraft(RunKind.Load, RunArm.Measured, model, on, RecordedServing.Of(point.Result)), RecordedSweep.Axis,
                point.RequestsPerSecond,
                words => TrafficSettings.AtRate(
                    words.Where(w => !string.Equals(w, _sweep.Name, StringComparison.Ordinal)), point.RequestsPerSecond))));
    }

    private (string Model, string On) Subject(ParseResult parsed, ILoadTarget target) => target is OpenAiTarget service
        ? (_model.Of(parsed) ?? service.Model, _url.Of(parsed).GetComponents(UriComponents.HostAndPort, UriFormat.Unescaped))
        : (Path.GetFileName(Path.TrimEndingDirectorySeparator(_model.Of(parsed) ?? ModelLocation.BundledPath)), BenchReport.Processor());

    private OpenTarget Open(ParseResult parsed, bool overNetwork, CancellationToken cancellationToken)
    {
        if (overNetwork)
        {
            OpenAiTarget service = new(new OpenAiTargetOptions
            {
                Address = _url.Of(parsed),
                Model = parsed.IsGiven(_served) ? _served.Of(parsed) : null,
                Chat = _endpoint.Of(parsed) is "chat",
                ApiKey = Environment.GetEnvironmentVariable(KeyVariable) is { Length: > 0 } secret ? secret : null,
                IgnoreEos = !_eos.Of(parsed),
            });
            return new OpenTarget(service, service);
        }

        ModelLocation location = ModelLocation.Resolve(_model.Of(parsed));
        InferenceOptions engine = new()
        {
            MaxBatchSize = _service.Sequences(parsed) ?? DefaultSequences,
            MaxSequenceTokens = location.Files.Architecture.MaxContextTokens,
            Threads = _threads.Of(parsed),
        };
        UsageException.Checking(engine.Validate);
        LoadedEngine loaded = LoadedEngine.Load(_printer, location, engine, lora: null, verbose: false, cancellationToken);
        return new OpenTarget(new EngineTarget(loaded.Engine, location.Name), loaded);
    }

    private async Task<LoadResult> RunAsync(
        ILoadTarget target, Traffic traffic, LoadOptions options, CancellationToken cancellationToken)
    {
        using Progress progress = new(_printer, "answers", total: 0);
        LoadGenerator generator = new(target, options with { Progress = _ => progress.Advance() });
        return await generator.RunAsync(traffic.Source, cancellationToken).ConfigureAwait(false);
    }

    private ICostPlan? Plan(ParseResult parsed, Catalogs catalogs)
    {
        if (!_deployment.AnyGiven(parsed))
        {
            return null;
        }

        string model = _model.Of(parsed) ?? (parsed.IsGiven(_url)
            ? throw new UsageException("Say which MODEL the service runs; without it nothing can be predicted.")
            : ModelLocation.BundledPath);
        return catalogs.CreateEngine(new KvProfileReader()).Prepare(_deployment.ReadOne(parsed, model));
    }

    private void Require(ParseResult parsed, bool overNetwork)
    {
        Option? idle = overNetwork
            ? new Option[] { _threads }.FirstOrDefault(parsed.IsGiven)
            : new Option[] { _served, _endpoint, _eos }.FirstOrDefault(parsed.IsGiven);
        if (idle is not null)
        {
            throw new UsageException(
                overNetwork
                    ? $"{idle.Name}: it is said of the engine of this process; leave it or --url out."
                    : $"{idle.Name} needs --url.");
        }

        if (_sweep.Of(parsed) && _traffic.Rate(parsed) is null)
        {
            throw new UsageException($"{_sweep.Name} needs --rate, the rate to begin with.");
        }

        bool predicts = _deployment.AnyGiven(parsed);
        if (_sweep.Of(parsed) && predicts)
        {
            throw new UsageException($"{_sweep.Name}: nothing is predicted with it; leave the options of the deployment out.");
        }

        if (!predicts && _service.GivenOfSimulation(parsed) is { } simulated)
        {
            throw new UsageException($"{simulated.Name}: it is for the prediction, which needs --on, the machine.");
        }

        if (!predicts && overNetwork && _service.Sequences(parsed) is not null)
        {
            throw new UsageException("--max-num-seqs: with --url it is for the prediction, which needs --on, the machine.");
        }

        Option? useless = _sweep.Of(parsed) ? new Option[] { _timeline }.FirstOrDefault(parsed.IsGiven) : null;
        if (useless is not null)
        {
            throw new UsageException($"{useless.Name}: with {_sweep.Name} there are many loads; leave it out.");
        }
    }

    private void Print(
        ParseResult parsed, LoadComparison load, Traffic traffic, ICostPlan? plan, ServingSimulationOptions? options)
    {
        string[] assumptions = plan is null ? [] : [.. ServiceAssumptions.Of(_service.Policy(parsed, plan), options!, plan)];
        OutputFormat format = _format.Of(parsed);
        string title = string.Create(CultureInfo.InvariantCulture, $"{load.Measured.Report.Source.Machine}: {traffic.Description}");
        Document document = format switch
        {
            OutputFormat.Json => LoadPage.Full(load, assumptions, _traffic.Users(parsed)),
            OutputFormat.Csv => LoadPage.Row(load, _traffic.Users(parsed)),
            _ => LoadPage.Of(
                load, title, assumptions, traffic.Made?.Requests),
        };
        _printer.Print(document, format);
        if (format is OutputFormat.Csv)
        {
            Note(load.Measured.Notes); // a row has no place for them
        }
    }

    private void Note(IEnumerable<string> notes)
    {
        foreach (string note in notes)
        {
            _printer.Error.WriteLine($"note: {note}");
        }
    }

    private void Print(ParseResult parsed, LoadSweep sweep, string service)
    {
        OutputFormat format = _format.Of(parsed);
        _printer.Print(
            format is OutputFormat.Csv ? new Document(SweepPage.Rates(sweep)) : SweepPage.Of(sweep, $"{service}: rates"), format);
        if (format is OutputFormat.Csv)
        {
            Note(SweepPage.Notes(sweep));
        }
    }

    private sealed record OpenTarget(ILoadTarget Target, IDisposable Owned) : IDisposable
    {
        public void Dispose() => Owned.Dispose();
    }
}
