using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.Cli.Output;
using Inferometer.Core;
using Inferometer.Inference.Engine;

namespace Inferometer.Cli.Settings;

/// <summary>The options that say how the engine is set up.</summary>
internal sealed class EngineSettings
{
    private const int DefaultContext = 4096;
    private const int DefaultDraftTokens = 4;

    private readonly ValueOption<DeviceChoice> _device = DeviceChoice.Option();
    private readonly ValueOption<int> _threads = ThreadsOption();
    private readonly ValueOption<int> _context = new(
        ["--ctx", "-c"],
        Domains.Whole(2, int.MaxValue, "TOKENS"),
        "Longest sequence, prompt and output together; beyond what the model was made for with a note, or with --rope-scaling.",
        "4096, or what the model allows");

    private readonly ValueOption<string> _kv = KvArgument.Option();
    private readonly FlagOption _noFlash = NoFlashOption();
    private readonly FlagOption _noPrefix = new(["--no-prefix-cache"], "Compute every prompt from its first token.");
    private readonly PathOption _draft = new(
        ["--draft"], PathUse.Model, "Speculative decoding: a smaller model of the same vocabulary drafts.", "off");

    private readonly ValueOption<int> _draftTokens = new(
        ["--draft-tokens"], Domains.Whole(1, 16), "Tokens the draft model proposes per step.")
    { Fallback = DefaultDraftTokens };

    private readonly ValueOption<int> _lookup = new(
        ["--lookup"],
        Domains.Whole(1, 16),
        "Speculative decoding without a model: propose the N tokens that followed the last ones earlier in the text.",
        "off");

    private readonly ValueOption<(string Path, double Scale)> _lora = new(
        ["--lora"],
        new("FILE[:SCALE]", null, ReadAdapter),
        "LoRA adapter: a PEFT folder or a GGUF adapter file; SCALE multiplies what it adds.",
        "off; SCALE 1");

    private readonly FlagOption _repack = RepackedFileOption.Create();
    private readonly RopeSettings _rope = new();

    /// <summary>How a model is loaded for one sequence where no option is given.</summary>
    public static InferenceOptions Alone { get; } = new() { MaxBatchSize = 1, MaxSequenceTokens = DefaultContext };

    /// <summary>The <c>--threads</c> option; 0 where it is not given, which stands for all processors and cannot be given.</summary>
    public static ValueOption<int> ThreadsOption() => new(["--threads", "-t"], Domains.Whole(1, 1024), "Worker threads.", "all processors");

    /// <summary>The <c>--no-flash-attention</c> option of commands that run a model.</summary>
    public static FlagOption NoFlashOption() => new(["--no-flash-attention"], "Store whole rows of scores instead of attending in tiles.");

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        Option[] all =
        [
            _device, _threads, _context, .. _rope.All, _kv, _noFlash, _noPrefix, _draft, _draftTokens, _lookup, _lora, _repack,
        ];
        foreach (Option option in all)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The engine's configuration for a command that runs <paramref name="sequences"/> sequences at once.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="model">The model.</param>
    /// <param name="sequences">Sequences at once.</param>
    /// <param name="printer">Told why <c>--device auto</c> takes the processor.</param>
    /// <param name="replicas">Engines that are to share the weights.</param>
    public InferenceOptions Read(ParseResult parsed, ModelLocation model, int sequences, Printer printer, int replicas = 1)
    {
        int? context = parsed.Given(_context);
        _rope.Apply(parsed, model, context);
        var kv = KvArgument.Read(_kv.Of(parsed), model);
        InferenceOptions options = new()
        {
            MaxBatchSize = sequences,
            MaxSequenceTokens = context ?? DefaultContext,
            Threads = _threads.Of(parsed),
            KvElement = kv.Element,
            KvCompression = kv.Compression,
            FlashAttention = !_noFlash.Of(parsed),
            PrefixCache = !_noPrefix.Of(parsed),
            Speculation = Speculation(parsed),
            RepackedFile = RepackedFileOption.Use(_repack.Of(parsed)),
        };
        UsageException.Checking(options.Validate);
        return options with { Device = _device.Of(parsed).Find(printer, model, options, replicas) };
    }

    /// <summary>Refuses options that contradict each other, before anything is read.</summary>
    /// <exception cref="UsageException">Two of them do, or one lacks another.</exception>
    public void RequireConsistent(ParseResult parsed)
    {
        if (parsed.IsGiven(_draft) && parsed.IsGiven(_lookup))
        {
            throw new UsageException("--draft and --lookup exclude each other.");
        }

        if (parsed.IsGiven(_draftTokens) && !parsed.IsGiven(_draft))
        {
            throw new UsageException("--draft-tokens needs --draft.");
        }
    }

    /// <summary>The adapter's path and scale, or null.</summary>
    /// <exception cref="InferometerException">There is no such file or folder.</exception>
    public (string Path, double Scale)? Lora(ParseResult parsed)
    {
        if (parsed.Given(_lora) is not { } adapter)
        {
            return null;
        }

        return Path.Exists(adapter.Path)
            ? adapter
            : throw new InferometerException(
                $"--lora: there is no file or folder '{adapter.Path}'; it must be FILE or FILE:SCALE, such as adapter.gguf:0.5.");
    }

    private static (string Path, double Scale) ReadAdapter(string text, string origin)
    {
        int colon = text.LastIndexOf(':');
        if (string.IsNullOrWhiteSpace(text) || colon == 0)
        {
            throw Domains.Wrong(origin, text, "FILE or FILE:SCALE, such as adapter.gguf:0.5");
        }

        // A drive's letter, or a colon in a file's name, is no scale.
        return colon < 2 || Path.Exists(text)
            ? (text, 1)
            : Domains.TryNumber(text[(colon + 1)..], out double scale)
                ? (text[..colon], scale)
                : throw Domains.Wrong(origin, text, "FILE or FILE:SCALE, SCALE a number such as 0.5");
    }

    // Beside MODEL's own errors it must be told which of the two is meant.
    private string RequireDraft(string draft)
    {
        try
        {
            return ModelLocation.Require(draft);
        }
        catch (InferometerException error)
        {
            throw new InferometerException($"{_draft.Name}: {error.Message}", error);
        }
    }

    private SpeculationOptions? Speculation(ParseResult parsed) => _draft.Of(parsed) is { } draft
        ? new SpeculationOptions { DraftModelPath = RequireDraft(draft), DraftTokens = _draftTokens.Of(parsed) }
        : parsed.Given(_lookup) is { } tokens ? new SpeculationOptions { DraftTokens = tokens } : null;
}
