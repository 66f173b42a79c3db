using System.CommandLine;
using System.Globalization;
using System.Net;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Recording;
using Inferometer.Cli.Settings;
using Inferometer.Compression;
using Inferometer.History.Records;
using Inferometer.Measurement.Watch;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Runs;
using Inferometer.Reports.Watch;
using Inferometer.Reports.Writers;
using Inferometer.Server.Watching;
using Inferometer.Simulation.Costs;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer watch</c>: reads a service's metrics, and tells where it leaves what is predicted for its load.</summary>
internal sealed class WatchCommand
{
    private const string KeyVariable = "OPENAI_API_KEY";
    private const double MostSeconds = 8.64e6;

    private readonly PathArgument _model = new(
        "MODEL", PathUse.Name, "What the service runs, for the prediction: a name from 'inferometer models' or a path.", isOptional: true);

    private readonly ValueOption<Uri> _url = new(
        ["--url", "--base-url"], Addresses.Service(), "Address of the service; its metrics are at /metrics there.");

    private readonly ValueOption<string> _served = new(
        ["--served-model-name"], Domains.Text("NAME"), "Only metrics that are labelled with this model.", "all");

    private const double UsualInterval = 15, PagesOfWindow = 4;

    private readonly ValueOption<double> _interval = new(
        ["--interval"], Domains.Number(0.05, MostSeconds, help: "SECONDS"), "Time from page to page of metrics.",
        "15, at most a quarter of --window");

    private readonly ValueOption<double> _window = new(
        ["--window"], Domains.Number(0.1, MostSeconds, help: "SECONDS"), "Time that load and latencies are taken over.")
    { Fallback = 300 };

    private readonly FlagOption _once = new(
        ["--once"], "Watch for one --window, show what was seen, and end: with code 1 where a latency is outside its interval.");

    private readonly ValueOption<double> _for = new(
        ["--for"], Domains.Number(0, MostSeconds, above: true, help: "SECONDS"),
        "Watch for this long and end: with code 1 where a latency left its interval or the service was lost at any time.", "until stopped");

    private readonly ValueOption<double> _tolerance = new(
        ["--tolerance"], new("PERCENT", null, ReadTolerance),
        "How far an observed mean may be above the predicted one, such as 30%, and as a quotient below it; up to 1000%.",
        "what nine in ten measurements kept to, where the cost model knows");

    private readonly ValueOption<int> _fewest = new(
        ["--min-requests"], Domains.Whole(1, 1_000_000), "Requests that must have ended in the window before anything is called drift.")
    { Fallback = 20 };

    private readonly ValueOption<double> _output = new(
        ["--mean-output-len"], Domains.Number(1, 1e6, help: "TOKENS"),
        "Mean tokens of an answer, where the service counts tokens and not requests, as llama.cpp's does.");

    private readonly ValueOption<IPEndPoint> _listen = new(
        ["--listen"], Addresses.Endpoint(), "Show what is seen to Prometheus, at /metrics of this port of this machine, or of an address.",
        "nowhere");

    private readonly ServiceSettings _service = new();
    private readonly DeploymentOptions _deployment = new(ofService: true);
    private readonly ValueOption<OutputFormat> _format = FormatOptions.Create();
    private readonly RecordingSettings _recording = new();
    private readonly Printer _printer;

    private WatchCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        WatchCommand self = new(printer);
        ExampleCommand command = new(
            "watch",
            "Watches a service by its metrics (vLLM, SGLang, llama.cpp, TGI, inferometer serve): what it is asked, how it answers, and, "
                + "with --on, where that leaves what is predicted for the same load.",
            "inferometer watch --url http://localhost:8000",
            "inferometer watch llama-3.1-8b --url http://localhost:8000 --on h100 --framework vllm --listen 9464",
            "inferometer watch llama-3.1-70b --url http://gpu7:8000 --on h100 --tp 4 --framework vllm --once --window 120",
            "inferometer watch qwen3-8b --url http://localhost:8080 --on rtx_4090 --framework llama.cpp --mean-output-len 200 --for 3600")
        {
            self._model, self._url, self._served, self._interval, self._window, self._once, self._for, self._tolerance, self._fewest,
            self._output, self._listen,
        };
        self._service.AddOfServiceTo(command);
        command.Add(self._format);
        self._recording.AddTo(command);
        self._deployment.AddTo(command);
        command.SetAction(self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        Require(parsed);
        RunRecording recording = RunRecording.Begin(parsed, _recording, _printer);
        RecordedWatch kept = new(recording.At);
        WatchedDeployment? deployment = Deployment(parsed);
        WatchOptions options = new()
        {
            Interval = TimeSpan.FromSeconds(IntervalOf(parsed)),
            Window = TimeSpan.FromSeconds(_window.Of(parsed)),
            Model = parsed.IsGiven(_served) ? _served.Of(parsed) : null,
            OutputTokens = parsed.Given(_output),
            FewestRequests = _fewest.Of(parsed),
        };
        TimeSpan? duration = _once.Of(parsed) ? options.Window : parsed.Given(_for) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        using MetricsScraper scraper = new(
            _url.Of(parsed), TimeSpan.FromSeconds(Math.Clamp(options.Interval.TotalSeconds, 5, 30)),
            Environment.GetEnvironmentVariable(KeyVariable) is { Length: > 0 } secret ? secret : null);
        using Interrupt interrupt = new(cancellationToken);
        ServiceWatch watch = new(scraper.ReadAsync, scraper.Page.AbsoluteUri, deployment, options, TimeProvider.System);
        WatchServer? listening = parsed.IsGiven(_listen)
            ? await WatchServer.StartAsync(_listen.Of(parsed), () => watch.State, interrupt.Token).ConfigureAwait(false)
            : null;
        bool lost = false;
        try
        {
            if (listening is not null)
            {
                _printer.Error.WriteLine($"metrics of the watch: {new Uri(listening.Address, "metrics")}");
            }

            await watch.RunAsync(
                duration, _once.Of(parsed),
                happened =>
                {
                    kept.Add(happened);
                    lost |= happened.Kind == WatchEventKind.Lost;
                    _printer.Error.WriteLine(WatchLine.Of(happened));
                },
                interrupt.Token).ConfigureAwait(false);
        }
        finally
        {
            if (listening is not null)
            {
                await listening.DisposeAsync().ConfigureAwait(false);
            }
        }

        Print(parsed, watch.State, scraper.Page, deployment);
        recording.Keep(() => new RunDraft(
            RunKind.Watch, RunArm.Measured,
            _model.Of(parsed) ?? (watch.State.Models is { Count: > 0 } served ? string.Join(", ", served) : "unnamed"),
            _url.Of(parsed).GetComponents(UriComponents.HostAndPort, UriFormat.Unescaped), kept.Figures(watch.State)));
        bool drifted = _once.Of(parsed) ? watch.State.Drifting.Any() : watch.State.Alerts.Any(n => n > 0);
        return duration is not null && (drifted || lost) ? ExitCode.Failed : ExitCode.Success;
    }

    private WatchedDeployment? Deployment(ParseResult parsed)
    {
        if (!_deployment.AnyGiven(parsed))
        {
            return null;
        }

        string model = _model.Of(parsed)
            ?? throw new UsageException("Say which MODEL the service runs; without it nothing can be predicted.");
        ICostPlan plan = _deployment.Catalogs(parsed).CreateEngine(new KvProfileReader()).Prepare(_deployment.ReadOne(parsed, model));
        return new WatchedDeployment(plan, _service.Read(parsed, plan), parsed.Given(_tolerance));
    }

    private void Require(ParseResult parsed)
    {
        if (!parsed.IsGiven(_url))
        {
            throw new UsageException("Say which service with --url ADDRESS, such as http://localhost:8000.");
        }

        if (_once.Of(parsed) && parsed.IsGiven(_for))
        {
            throw new UsageException($"{_once.Name} and {_for.Name} say different things of when to end; give one of them.");
        }

        if (IntervalOf(parsed) > _window.Of(parsed))
        {
            throw new UsageException(string.Create(
                CultureInfo.InvariantCulture,
                $"{_interval.Name}: {IntervalOf(parsed)} s is longer than {_window.Name}, {_window.Of(parsed)} s: "
                    + $"nothing could be counted."));
        }

        if (_deployment.AnyGiven(parsed))
        {
            return;
        }

        Option? idle = new Option[] { _tolerance, _fewest }.FirstOrDefault(parsed.IsGiven) ?? _service.GivenOfSimulation(parsed)
            ?? _service.GivenSequences(parsed);
        if (idle is not null)
        {
            throw new UsageException($"{idle.Name}: it is for the prediction, which needs --on, the machine.");
        }

        if (_model.Of(parsed) is { } model)
        {
            throw new UsageException($"MODEL: '{model}' is for the prediction, which needs --on, the machine.");
        }
    }

    private double IntervalOf(ParseResult parsed) =>
        parsed.IsGiven(_interval) ? _interval.Of(parsed) : Math.Min(UsualInterval, _window.Of(parsed) / PagesOfWindow);

    private void Print(ParseResult parsed, WatchState state, Uri page, WatchedDeployment? deployment)
    {
        OutputFormat format = _format.Of(parsed);
        _printer.Print(
            format is OutputFormat.Csv
                ? new Document(WatchPage.Latencies(state))
                : WatchPage.Of(state, page.GetLeftPart(UriPartial.Authority), deployment?.Model, deployment?.RestsOn),
            format);
    }

    private static double ReadTolerance(string text, string origin)
    {
        string number = text.EndsWith('%') ? text[..^1] : text;
        return Domains.TryNumber(number, out double percent) && percent is > 0 and <= 1000
            ? percent / 100
            : throw Domains.Wrong(origin, text, "a share in percent above 0 to 1000, such as 30%");
    }
}
