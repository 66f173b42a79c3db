using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.ModelFiles.Conversion;

/// <summary>
/// Converts a Hugging Face folder or a GGUF file to a GGUF file in a chosen format, tensor by tensor: memory use does not grow with the
/// model. The new file appears under its name when it is complete.
/// </summary>
public static class ModelConverter
{
    /// <summary>The format a user names, such as <c>q8_0</c> or <c>f16</c>, ignoring case.</summary>
    /// <exception cref="InferometerException">The name is not known.</exception>
    public static GgmlType ParseType(string text)
    {
        foreach (GgmlType type in BlockCodec.WrittenTypes)
        {
            if (type.ToString().Equals(text, StringComparison.OrdinalIgnoreCase))
            {
                return type;
            }
        }

        string allowed = string.Join(", ", BlockCodec.WrittenTypes.Select(type => type.ToString().ToLowerInvariant()));
        throw new InferometerException($"'{text}' is not a format that can be written. Allowed: {allowed}.");
    }

    /// <summary>Converts a model.</summary>
    /// <param name="source">Hugging Face folder (config.json, safetensors, tokenizer.json) or GGUF file, any part of a split one.</param>
    /// <param name="output">The new file; an older one is replaced. Where it takes several, they are named
    /// <c>NAME-00001-of-00003.gguf</c> and so on.</param>
    /// <param name="options">Format and limits.</param>
    /// <param name="progress">Told after every tensor.</param>
    /// <param name="cancellationToken">Stops the work and removes what was not finished.</param>
    /// <exception cref="InferometerException">The source is unsound or of an unsupported architecture, holds values the format cannot
    /// express, or a file cannot be written.</exception>
    public static ConversionResult Convert(
        string source, string output, ConversionOptions options, IProgress<ConversionProgress>? progress = null,
            CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        using var model = Checkpoint.Open(source);
        return Convert(model, output, options, progress, cancellationToken);
    }

    /// <summary>Converts a model to one file, all matrices in one format.</summary>
    /// <inheritdoc cref="Convert(string, string, ConversionOptions, IProgress{ConversionProgress}?, CancellationToken)"/>
    public static ConversionResult Convert(
        string source, string output, GgmlType type, IProgress<ConversionProgress>? progress = null,
            CancellationToken cancellationToken = default) =>
        Convert(source, output, new ConversionOptions { Type = type }, progress, cancellationToken);

    /// <summary>Converts a model whose files are open; they stay open.</summary>
    /// <inheritdoc cref="Convert(string, string, ConversionOptions, IProgress{ConversionProgress}?, CancellationToken)"/>
    public static ConversionResult Convert(
        Checkpoint source, string output, ConversionOptions options, IProgress<ConversionProgress>? progress = null,
            CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentException.ThrowIfNullOrEmpty(output);
        ArgumentNullException.ThrowIfNull(options);
        if (!BlockCodec.IsWritten(options.Type))
        {
            throw new InferometerException($"{options.Type} cannot be written. Allowed: {string.Join(", ", BlockCodec.WrittenTypes)}.");
        }

        IConversionSource input = source.Header is { } header ? new GgufSource(source, header) : new HuggingFaceSource(source);
        bool tiedHead = !input.Tensors.Any(tensor => tensor.Name is "output.weight");
        ITypeChoice choice = options.Mix is { } mix
            ? new MixChoice(mix, source.Architecture, tiedHead, options.Importance is not null)
            : new TypeChoice(options.Type, tiedHead);
        List<PlannedTensor> plan = [.. input.Tensors.Select(tensor =>
            new PlannedTensor(tensor, choice.For(tensor), Importances(tensor, options)))];
        RequireUsed(options.Importance, plan);
        List<int> counts = OutputParts.Divide([.. plan.Select(tensor => tensor.ByteCount)], options);
        try
        {
            using OutputParts files = new(output, counts.Count);
            RequireOthers(source, files.Paths);
            long written = 0, total = plan.Sum(tensor => tensor.ByteCount), bytes = 0;
            int first = 0;
            for (int part = 0; part < counts.Count; part++)
            {
                GgufWriter writer = new(files.Stream(part));
                if (part == 0)
                {
                    input.WriteMetadata(writer);
                    writer.Set("general.file_type", choice.FileType);
                    writer.Set("general.quantization_version", 2u);
                }

                files.Mark(writer, part, plan.Count);
                WriteTensors(writer, plan.GetRange(first, counts[part]), ref written, total, progress, cancellationToken);
                first += counts[part];
                bytes += files.Stream(part).Length;
            }

            files.Commit();
            return new ConversionResult(
                plan.Count, new EquatableList<string>(files.Paths), bytes, new EquatableList<string>(input.Notes.Concat(choice.Notes)));
        }
        catch (IOException error)
        {
            throw new InferometerException($"{output}: cannot be written: {FileFault.Describe(error, output)}", error);
        }
    }

    private static void WriteTensors(
        GgufWriter writer, List<PlannedTensor> tensors, ref long written, long total, IProgress<ConversionProgress>? progress,
        CancellationToken cancellationToken)
    {
        foreach (PlannedTensor tensor in tensors)
        {
            writer.DeclareTensor(tensor.Tensor.Name, tensor.Tensor.Shape, tensor.Type);
        }

        writer.BeginData();
        foreach (PlannedTensor tensor in tensors)
        {
            TensorStream.Write(writer, tensor.Tensor, tensor.Type, tensor.Importances, cancellationToken);
            written += tensor.ByteCount;
            progress?.Report(new ConversionProgress(tensor.Tensor.Name, written, total));
        }

        writer.Finish();
    }

    private static float[][]? Importances(ConvertedTensor tensor, ConversionOptions options) => options.Importance?.For(
        tensor.Name, tensor.Shape.Length == 3 ? tensor.Shape[0] : 1, tensor.Columns);

    /// <summary>An importance matrix that says nothing of any tensor is of another model, or names them in another way.</summary>
    private static void RequireUsed(ImportanceMatrix? importance, List<PlannedTensor> plan)
    {
        if (importance is not null && plan.TrueForAll(tensor => tensor.Importances is null))
        {
            throw new InferometerException(
                $"{importance.Source}: none of its {importance.Entries.Count} entries is for a tensor of this model, such as "
                    + $"'{plan.Find(tensor => tensor.Tensor.Shape.Length > 1)?.Tensor.Name}'.");
        }

        if (importance is not null && plan.TrueForAll(tensor => tensor.Importances is null || !IsChosen(tensor.Type)))
        {
            throw new InferometerException(
                $"{importance.Source}: an importance matrix changes nothing in a file of floats or Q8_0; leave it out, or choose a "
                    + "format of fewer bits.");
        }
    }

    /// <summary>Whether there is a choice to be made in writing a format; in others the nearest value is best, whatever counts.</summary>
    private static bool IsChosen(GgmlType type) => type.IsQuantized() && type != GgmlType.Q8_0;

    /// <summary>Refuses to write over the files that are read.</summary>
    private static void RequireOthers(Checkpoint source, IReadOnlyList<string> outputs)
    {
        HashSet<string> read = [.. (source.Header?.Parts.Select(part => part.Source) ?? []).Append(source.Path).Select(Path.GetFullPath)];
        if (outputs.FirstOrDefault(output => read.Contains(Path.GetFullPath(output))) is { } taken)
        {
            throw new InferometerException($"{taken}: the new file cannot take the place of the model it is made from.");
        }
    }

    /// <summary>A tensor of the new model and the format it gets.</summary>
    private sealed record PlannedTensor(ConvertedTensor Tensor, GgmlType Type, float[][]? Importances)
    {
        public long ByteCount => Type.ByteCount(Tensor.Rows * Tensor.Columns);
    }
}
