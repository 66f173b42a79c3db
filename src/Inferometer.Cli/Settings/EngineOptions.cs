using System.CommandLine;
using System.Globalization;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.Core;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Inference.Engine;

namespace Inferometer.Cli.Settings;

/// <summary>The options that say how the engine is set up.</summary>
internal sealed class EngineOptions
{
    private const int DefaultContext = 4096;

    private readonly Option<int> _threads = ThreadsOption();

    private readonly Option<int?> _context = new("--ctx", "-c")
    {
        HelpName = "TOKENS",
        Description = "Longest sequence, prompt and output together. [default: 4096, or what the model allows]",
    };

    private readonly Option<string> _kv = KvArgument.Option();
    private readonly Option<bool> _noFlash = new("--no-flash-attention") { Description = "Store whole rows of scores instead of attending in tiles." };
    private readonly Option<bool> _noPrefix = new("--no-prefix-cache") { Description = "Compute every prompt from its first token." };
    private readonly Option<string> _draft = new("--draft") { HelpName = "MODEL", Description = "Speculative decoding: a smaller model of the same vocabulary drafts." };
    private readonly Option<int?> _draftTokens = new("--draft-tokens") { HelpName = "N", Description = "Tokens the draft model proposes per step, 1 to 16. [default: 4]" };
    private readonly Option<int?> _lookup = new("--lookup") { HelpName = "N", Description = "Speculative decoding without a model: propose the N tokens that followed the last ones earlier in the text, 1 to 16." };

    private readonly Option<string> _lora = new("--lora")
    {
        HelpName = "FILE[:SCALE]",
        Description = "LoRA adapter: a PEFT folder or a GGUF adapter file; SCALE multiplies what it adds. [default: 1]",
    };

    private readonly Option<bool> _repack = RepackedFileOption.Create();

    /// <summary>The <c>--threads</c> option.</summary>
    public static Option<int> ThreadsOption() => new("--threads", "-t") { HelpName = "N", Description = "Worker threads, 1 to 1024. [default: all processors]" };

    /// <summary>The <c>--kv</c> option.</summary>
    public static Option<KvElement?> KvOption() => new("--kv")
    {
        HelpName = "f16|f32",
        Description = "Number format of cached keys and values. [default: f16]",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value.ToLowerInvariant();
            if (text is not ("f16" or "f32"))
            {
                result.AddError($"--kv: '{result.Tokens[0].Value}' is not allowed; it must be f16 or f32.");
            }

            return text is "f32" ? KvElement.F32 : KvElement.F16;
        },
    };

    public void AddTo(Command command)
    {
        foreach (Option option in (ReadOnlySpan<Option>)[_threads, _context, _kv, _noFlash, _noPrefix, _draft, _draftTokens, _lookup, _lora, _repack])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The engine's configuration for a command that runs <paramref name="sequences"/> sequences at once.</summary>
    public InferenceOptions Read(ParseResult parsed, ModelLocation model, int sequences)
    {
        KvArgument kv = KvArgument.Read(parsed.GetValue(_kv), model);
        InferenceOptions options = new()
        {
            MaxBatchSize = sequences,
            MaxSequenceTokens = Context(parsed, model),
            Threads = Threads(parsed, _threads),
            KvElement = kv.Element,
            KvCompression = kv.Compression,
            FlashAttention = !parsed.GetValue(_noFlash),
            PrefixCache = !parsed.GetValue(_noPrefix),
            Speculation = Speculation(parsed),
            RepackedFile = RepackedFileOption.Use(parsed.GetValue(_repack)),
        };
        UsageException.Checking(options.Validate);
        return options;
    }

    /// <summary>The adapter's path and scale, or null.</summary>
    public (string Path, double Scale)? Lora(ParseResult parsed)
    {
        if (parsed.GetValue(_lora) is not { } text)
        {
            return null;
        }

        int colon = text.LastIndexOf(':');
        (string path, double scale) = colon > 1 && double.TryParse(text.AsSpan(colon + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out double given)
            ? (text[..colon], given)
            : (text, 1);
        return Path.Exists(path) ? (path, scale) : throw new InferometerException($"--lora: there is no file or folder '{path}'; it must be FILE or FILE:SCALE, such as adapter.gguf:0.5.");
    }

    /// <summary>Reads <c>--threads</c>: 0 stands for all processors and cannot be given.</summary>
    public static int Threads(ParseResult parsed, Option<int> option)
    {
        int threads = parsed.GetValue(option);
        return parsed.GetResult(option) is null || threads is >= 1 and <= 1024
            ? threads
            : throw new UsageException($"--threads: {threads} is not allowed; it must be 1 to 1024.");
    }

    private int Context(ParseResult parsed, ModelLocation model)
    {
        if (parsed.GetValue(_context) is not { } tokens)
        {
            return DefaultContext;
        }

        int longest = model.Files.Architecture.MaxContextTokens;
        return tokens >= 2 && tokens <= longest
            ? tokens
            : throw new UsageException($"--ctx: {tokens} is not allowed; {model.Name} was made for 2 to {longest} tokens.");
    }

    private SpeculationOptions? Speculation(ParseResult parsed)
    {
        string? draft = parsed.GetValue(_draft);
        if (draft is not null && parsed.GetValue(_lookup) is not null)
        {
            throw new UsageException("--draft and --lookup exclude each other.");
        }

        if (draft is null && parsed.GetValue(_draftTokens) is not null)
        {
            throw new UsageException("--draft-tokens needs --draft.");
        }

        return draft is not null
            ? new SpeculationOptions { DraftModelPath = ModelLocation.Resolve(draft).Path, DraftTokens = parsed.GetValue(_draftTokens) ?? 4 }
            : parsed.GetValue(_lookup) is { } tokens ? new SpeculationOptions { DraftTokens = tokens } : null;
    }
}
