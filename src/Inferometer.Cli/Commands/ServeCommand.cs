using System.CommandLine;
using Inferometer.Cli.Generation;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.History.Stores;
using Inferometer.Inference.Engine;
using Inferometer.Measurement.Models;
using Inferometer.ModelFiles.Templates;
using Inferometer.Server.Generation;
using Inferometer.Server.Hosting;
using Inferometer.Server.Metrics;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer serve</c>: answers over HTTP with a model on this machine.</summary>
internal sealed class ServeCommand
{
    private readonly PathArgument _model = new(
        "MODEL", PathUse.Model, "A .gguf file or a Hugging Face folder; without one the simulator and the page alone are served.",
        isOptional: true);

    private readonly FlagOption _demo = new(["--demo"], "Serve the small model that comes with the program.");
    private readonly List<Option> _ofModel = [];
    private readonly ValueOption<string> _template = new(
        ["--chat-template"],
        Domains.Text("NAME"),
        "Chat template: a built-in one, one stored with the model, or a .jinja file; a wrong name lists the known ones.",
        "the one stored with the model");

    private readonly FlagOption _verbose = new(["--verbose", "-v"], "Print the memory plan before loading.");
    private readonly ServeSettings _server = new();
    private readonly EngineSettings _engine = new();
    private readonly Printer _printer;

    private ServeCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        ServeCommand self = new(printer);
        ExampleCommand command = new(
            "serve",
            "Serves a model over HTTP: the APIs of OpenAI and Ollama, and metrics for Prometheus, beside the simulator and a web page; or "
                + "these alone; or other servers behind one address.",
            "inferometer serve",
            "inferometer serve --demo",
            "inferometer serve ./qwen3-0.6b-q8_0.gguf --port 8080 --served-model-name qwen3",
            "inferometer serve ./llama-3.2-3b --max-num-seqs 8 --ctx 8192 --api-key-file keys.txt --host 0.0.0.0",
            "inferometer serve --upstream http://10.0.0.7:8000 --upstream http://10.0.0.8:8000 --port 8080")
        {
            self._model,
            self._demo,
        };
        self._server.AddTo(command);
        int before = command.Options.Count;
        command.Options.Add(self._template);
        self._engine.AddTo(command);
        command.Options.Add(self._verbose);
        self._ofModel.AddRange([.. command.Options.Skip(before), .. self._server.OfModel]);
        command.SetAction(self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        _engine.RequireConsistent(parsed);
        bool hasModel = HasModel(parsed);
        using ServerCertificate? certificate = _server.Certificate(parsed);
        using IRunStore? runs = _server.OpenRuns(parsed);
        ServerOptions server = _server.Read(parsed) with { Certificate = certificate, Runs = runs };
        return hasModel
            ? await ServeModelAsync(parsed, server, cancellationToken).ConfigureAwait(false)
            : await ServeOthersAsync(parsed, server, cancellationToken).ConfigureAwait(false);
    }

    private bool HasModel(ParseResult parsed)
    {
        bool demo = _demo.Of(parsed);
        bool named = _model.Of(parsed) is not null;
        if (demo && named)
        {
            throw new UsageException("--demo serves the model that comes with the program; leave it out, or MODEL.");
        }

        if ((demo || named) && _server.HasUpstreams(parsed))
        {
            throw new UsageException("--upstream stands in place of a model; leave it out, or the model.");
        }

        Option? idle = demo || named ? null : _ofModel.FirstOrDefault(parsed.IsGiven);
        return idle is null ? demo || named : throw new UsageException($"{idle.Name} needs a model: MODEL, or --demo.");
    }

    private async Task<int> ServeOthersAsync(ParseResult parsed, ServerOptions server, CancellationToken cancellationToken)
    {
        using Interrupt interrupt = new(cancellationToken);
        InferenceServer running = await InferenceServer.StartAsync(model: null, server, forecast: null, interrupt.Token)
            .ConfigureAwait(false);
        string what = server.Upstreams is { } upstreams
            ? FormattableString.Invariant($"{upstreams.Addresses.Count} upstream{(upstreams.Addresses.Count == 1 ? " is" : "s are")}")
            : "The simulator is";
        return await WaitAsync(running, what, interrupt).ConfigureAwait(false);
    }

    private async Task<int> WaitAsync(InferenceServer running, string what, Interrupt interrupt)
    {
        await using (running.ConfigureAwait(false))
        {
            _printer.Output.WriteLine($"{what} served at {running.Address.GetLeftPart(UriPartial.Authority)}");
            await _printer.Output.FlushAsync(CancellationToken.None).ConfigureAwait(false);
            TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);
            using CancellationTokenRegistration registration = interrupt.Token.Register(told.SetResult);
            await told.Task.ConfigureAwait(false);
            await running.StopAsync(CancellationToken.None).ConfigureAwait(false);
        }

        return ExitCode.Success;
    }

    private async Task<int> ServeModelAsync(ParseResult parsed, ServerOptions server, CancellationToken cancellationToken)
    {
        using ModelLocation location = ModelLocation.Resolve(_model.Of(parsed));
        InferenceOptions options = _server.Apply(
            parsed, _engine.Read(parsed, location, _server.Sequences(parsed), _printer, _server.Replicas(parsed)));
        using Interrupt interrupt = new(cancellationToken);
        var files = StoredModel.Read(location.Files);
        using LoadedEngine loaded = LoadedEngine.Load(
            _printer, location, options, _engine.Lora(parsed), _verbose.Of(parsed), interrupt.Token, _server.Replicas(parsed));
        foreach (string note in location.Files.Notes)
        {
            Note(note);
        }

        ServedModel model = Describe(parsed, loaded, files);
        LatencyForecast? forecast = _server.Predicts(parsed)
            ? await MeasureAsync(loaded, files, interrupt.Token).ConfigureAwait(false)
            : null;
        InferenceServer running = await InferenceServer.StartAsync(model, server, forecast, interrupt.Token).ConfigureAwait(false);
        return await WaitAsync(running, $"{model.Name} is", interrupt).ConfigureAwait(false);
    }

    private ServedModel Describe(ParseResult parsed, LoadedEngine loaded, StoredModel files)
    {
        string[] names = _server.Names(parsed);
        string name = names.Length > 0 ? names[0] : NameOf(loaded.Location.Name);
        return new ServedModel
        {
            Engine = loaded.Engine,
            Replicas = loaded.Replicas,
            Name = name,
            Aliases = names.Length > 1 ? names[1..] : [],
            Files = files,
            Template = _template.Of(parsed) is { } template
                ? ChatTemplate.Get(template, loaded.Engine.Tokenizer)
                : ChatTemplate.For(loaded.Engine.Tokenizer, Note),
            Adapter = loaded.Adapter,
        };
    }

    /// <summary>The file's name without its ending; a folder's may hold points that end nothing.</summary>
    private static string NameOf(string file) => file.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? file[..^5] : file;

    private async Task<LatencyForecast?> MeasureAsync(LoadedEngine loaded, StoredModel files, CancellationToken cancellationToken)
    {
        (LatencyForecast? forecast, string? refusal) =
            await LatencyForecast.TryMeasureAsync([loaded.Engine, .. loaded.Replicas], files, cancellationToken).ConfigureAwait(false);
        if (refusal is not null)
        {
            Note($"latencies are not predicted: {refusal}");
        }

        return forecast;
    }

    private void Note(string text) => _printer.Error.WriteLine("note: " + text);
}
