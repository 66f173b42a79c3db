using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.Core.Models;
using Inferometer.Core.Models.HuggingFace;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.Generation;
using Inferometer.ModelFiles.Layouts;
using Inferometer.ModelFiles.Templates;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.ModelFiles;

/// <summary>
/// A model's files, opened once: a GGUF file, or a Hugging Face folder with <c>config.json</c>, tokenizer and safetensors. Each part is
/// read when it is first asked for and kept; the weights are mapped, not read. Parts may be asked for from any thread; dispose after the
/// last use of any tensor.
/// </summary>
public sealed class Checkpoint : IDisposable
{
    private readonly Lazy<ModelArchitecture> _architecture;
    private readonly Lazy<Tokenizer> _tokenizer;
    private readonly Lazy<SamplingDefaults> _samplingDefaults;
    private readonly Lazy<EmbeddingDefaults> _embeddingDefaults;
    private readonly Lazy<ITensorSource> _tensors;
    private RopeChange? _change;
    private ModelArchitecture? _changed;

    private Checkpoint(string path, GgufHeader? header)
    {
        Path = path;
        Header = header;
        string folder = Directory.Exists(path) ? path : System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        _architecture = new(() => header is null ? HuggingFaceConfigReader.ReadToRun(folder) : GgufArchitectureReader.Read(header));
        _tokenizer = new(() => WithTemplateEnds(header is null ? HuggingFaceTokenizer.Load(folder) : GgufTokenizer.Load(header)));
        _samplingDefaults = new(() => header is null ? SamplingDefaults.OfFolder(folder) : SamplingDefaults.Of(header));
        _embeddingDefaults = new(() => header is null ? EmbeddingDefaults.OfFolder(folder) : EmbeddingDefaults.Of(header));
        _tensors = Mapped();
    }

    private Checkpoint(Checkpoint shared)
    {
        (Path, Header) = (shared.Path, shared.Header);
        (_architecture, _tokenizer, _samplingDefaults) = (shared._architecture, shared._tokenizer, shared._samplingDefaults);
        _embeddingDefaults = shared._embeddingDefaults;
        (_change, _changed) = (shared._change, shared._changed);
        _tensors = Mapped();
    }

    /// <summary>The file or folder, as it was named.</summary>
    public string Path { get; }

    /// <summary>The name shown to users: the file's or folder's.</summary>
    public string Name => System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(Path));

    /// <summary>Metadata and tensor table of a GGUF file; null for a folder.</summary>
    public GgufHeader? Header { get; }

    /// <summary>What the network is.</summary>
    /// <exception cref="InferometerException">The description is missing, absurd or of an architecture that is not known.</exception>
    public ModelArchitecture Architecture => _changed ?? _architecture.Value;

    /// <summary>Changes what the network makes of positions, and how long its context may be; before it is loaded.</summary>
    /// <exception cref="InferometerException">The model cannot be changed in this way, or its description is not sound.</exception>
    public void Change(RopeChange change)
    {
        ArgumentNullException.ThrowIfNull(change);
        _changed = change.Apply(_architecture.Value);
        _change = change;
    }

    /// <summary>How text becomes tokens; what the model's chat template writes after an answer is among the tokens that end one.</summary>
    /// <exception cref="InferometerException">The tokenizer is missing or of a kind that is not supported.</exception>
    public Tokenizer Tokenizer => _tokenizer.Value;

    /// <summary>How the model's makers recommend to sample from it.</summary>
    public SamplingDefaults SamplingDefaults => _samplingDefaults.Value;

    /// <summary>How the model's makers turn the states of a text into its vector.</summary>
    public EmbeddingDefaults EmbeddingDefaults => _embeddingDefaults.Value;

    /// <summary>
    /// What is left out of the model's files because it is faulty and the model can do without it, a line each; reads the tokenizer.
    /// </summary>
    /// <exception cref="InferometerException">The tokenizer is missing or of a kind that is not supported.</exception>
    public IReadOnlyList<string> Notes =>
    [
        .. SamplingDefaults.Notes.Concat(EmbeddingDefaults.Notes).Concat(Tokenizer.Notes).Distinct(StringComparer.Ordinal),
        .. _change?.Note(_architecture.Value) is { } note ? [note] : (string[])[],
    ];

    /// <summary>The weights, mapped into memory.</summary>
    /// <exception cref="InferometerException">A file is missing or not sound.</exception>
    public ITensorSource Tensors => _tensors.Value;

    /// <summary>Bytes of the files that hold weights.</summary>
    public long StoredBytes => Header is { } header
        ? header.FileLength
        : File.Exists(Path) ? new FileInfo(Path).Length : new DirectoryInfo(Path).EnumerateFiles("*.safetensors").Sum(file => file.Length);

    /// <summary>Opens a model's files. A file is told by its first bytes, not by its name.</summary>
    /// <param name="path">A GGUF file, a Hugging Face folder, or a safetensors file in such a folder.</param>
    /// <exception cref="InferometerException">There is nothing of the kind, or its header is not sound; the message says what is
    /// wanted.</exception>
    public static Checkpoint Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (string.IsNullOrWhiteSpace(path))
        {
            throw new InferometerException("model: the path is empty; it must name a .gguf file or a Hugging Face folder.");
        }

        if (Directory.Exists(path))
        {
            RequireConfig(path);
            return new Checkpoint(path, header: null);
        }

        return new Checkpoint(path, ModelFile.IsGguf(path) ? GgufHeader.Read(path) : null);
    }

    /// <summary>
    /// The same files with a mapping of their own, for a second model: a GGUF header, the tokenizer and what else was read is not read
    /// again.
    /// </summary>
    public Checkpoint Share() => new(this);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_tensors.IsValueCreated)
        {
            _tensors.Value.Dispose();
        }
    }

    private Lazy<ITensorSource> Mapped() => new(() => Header is null
        ? CheckpointLayout.Apply(SafetensorsModel.Open(Path), _architecture)
        : CheckpointLayout.Apply(GgufModelFile.Open(Header), _architecture));

    private static Tokenizer WithTemplateEnds(Tokenizer tokenizer)
    {
        try
        {
            return tokenizer.ChatTemplateText is null ? tokenizer : tokenizer.WithEndings(ChatTemplate.For(tokenizer).EndTokens);
        }
        catch (InferometerException)
        {
            return tokenizer; // a template that cannot be read is told of where it is used
        }
    }

    private static void RequireConfig(string folder)
    {
        if (File.Exists(System.IO.Path.Combine(folder, "config.json")))
        {
            return;
        }

        string[] gguf =
            [.. Directory.EnumerateFiles(folder, "*.gguf").Select(file => System.IO.Path.GetFileName(file)).Order(StringComparer.Ordinal)];
        throw new InferometerException(gguf.Length == 0
            ? $"{folder}: the folder holds no config.json; it must be a Hugging Face folder, with config.json, tokenizer.json and "
                + $"*.safetensors."
            : $"{folder}: the folder holds no config.json but GGUF files; name one of them: {string.Join(", ", gguf.Take(5))}.");
    }
}
