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
    private readonly PathArgument _model = ModelArgument.OrBundled();
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
            "Serves a model over HTTP: the APIs of OpenAI and Ollama, and metrics for Prometheus.",
            "inferometer serve",
            "inferometer serve ./qwen3-0.6b-q8_0.gguf --port 8080 --served-model-name qwen3",
            "inferometer serve ./llama-3.2-3b --max-num-seqs 8 --ctx 8192 --api-key-file keys.txt --host 0.0.0.0")
        {
            self._model,
        };
        self._server.AddTo(command);
        command.Options.Add(self._template);
        self._engine.AddTo(command);
        command.Options.Add(self._verbose);
        command.SetAction(self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        _engine.RequireConsistent(parsed);
        using IRunStore? runs = _server.OpenRuns(parsed);
        ServerOptions server = _server.Read(parsed) with { Runs = runs };
        using ModelLocation location = ModelLocation.Resolve(_model.Of(parsed));
        InferenceOptions options = _server.Apply(parsed, _engine.Read(parsed, location, _server.Sequences(parsed)));
        using Interrupt interrupt = new(cancellationToken);
        var files = StoredModel.Read(location.Files);
        using LoadedEngine loaded = LoadedEngine.Load(
            _printer, location, options, _engine.Lora(parsed), _verbose.Of(parsed), interrupt.Token);
        foreach (string note in location.Files.Notes)
        {
            Note(note);
        }

        ServedModel model = Describe(parsed, loaded, files);
        LatencyForecast? forecast = _server.Predicts(parsed)
            ? await MeasureAsync(loaded, files, interrupt.Token).ConfigureAwait(false)
            : null;
        InferenceServer running = await InferenceServer.StartAsync(model, server, forecast, interrupt.Token).ConfigureAwait(false);
        await using (running.ConfigureAwait(false))
        {
            _printer.Output.WriteLine($"{model.Name} is served at {running.Address.GetLeftPart(UriPartial.Authority)}");
            await _printer.Output.FlushAsync(CancellationToken.None).ConfigureAwait(false);
            TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);
            using CancellationTokenRegistration registration = interrupt.Token.Register(told.SetResult);
            await told.Task.ConfigureAwait(false);
            await running.StopAsync(CancellationToken.None).ConfigureAwait(false);
        }

        return ExitCode.Success;
    }

    private ServedModel Describe(ParseResult parsed, LoadedEngine loaded, StoredModel files)
    {
        string[] names = _server.Names(parsed);
        string name = names.Length > 0 ? names[0] : NameOf(loaded.Location.Name);
        return new ServedModel
        {
            Engine = loaded.Engine,
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
        (LatencyForecast? forecast, string? refusal) = await LatencyForecast.TryMeasureAsync(loaded.Engine, files, cancellationToken)
            .ConfigureAwait(false);
        if (refusal is not null)
        {
            Note($"latencies are not predicted: {refusal}");
        }

        return forecast;
    }

    private void Note(string text) => _printer.Error.WriteLine("note: " + text);
}
