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
    /// <param name="source">Hugging Face folder (config.json, safetensors, tokenizer.json) or GGUF file.</param>
    /// <param name="output">The new file; an older one is replaced.</param>
    /// <param name="type">
    /// Format of the matrices. Vectors and expert routers are F32. With Q4_K and Q5_K the output head is Q6_K. Rows that do not fill
    /// blocks get Q5_0 for Q4_K, Q5_1 for Q5_K, Q8_0 for Q6_K, and F16 where those do not fit either; every such case is in the notes.
    /// </param>
    /// <param name="progress">Told after every tensor.</param>
    /// <param name="cancellationToken">Stops the work and removes the unfinished file.</param>
    /// <exception cref="InferometerException">The source is unsound or of an unsupported architecture, holds values the format cannot
    /// express, or the file cannot be written.</exception>
    public static ConversionResult Convert(
        string source, string output, GgmlType type, IProgress<ConversionProgress>? progress = null,
            CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        using var model = Checkpoint.Open(source);
        return Convert(model, output, type, progress, cancellationToken);
    }

    /// <summary>Converts a model whose files are open; they stay open.</summary>
    /// <inheritdoc cref="Convert(string, string, GgmlType, IProgress{ConversionProgress}?, CancellationToken)"/>
    public static ConversionResult Convert(
        Checkpoint source, string output, GgmlType type, IProgress<ConversionProgress>? progress = null,
            CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentException.ThrowIfNullOrEmpty(output);
        if (!BlockCodec.IsWritten(type))
        {
            throw new InferometerException($"{type} cannot be written. Allowed: {string.Join(", ", BlockCodec.WrittenTypes)}.");
        }

        if (string.Equals(Path.GetFullPath(source.Path), Path.GetFullPath(output), StringComparison.Ordinal))
        {
            throw new InferometerException($"{output}: the new file cannot take the place of the model it is made from.");
        }

        IConversionSource input = source.Header is { } header ? new GgufSource(source, header) : new HuggingFaceSource(source);
        using AtomicFile file = new(output);
        try
        {
            ConversionResult result = Write(input, file.Stream, type, progress, cancellationToken);
            file.Commit();
            return result;
        }
        catch (IOException error)
        {
            throw new InferometerException($"{output}: cannot be written: {error.Message}", error);
        }
    }

    private static ConversionResult Write(
        IConversionSource input, Stream output, GgmlType type, IProgress<ConversionProgress>? progress, CancellationToken cancellationToken)
    {
        GgufWriter writer = new(output);
        input.WriteMetadata(writer);
        writer.Set("general.file_type", GgufFileType.Of(type));
        writer.Set("general.quantization_version", 2u);
        TypeChoice choice = new(type, tiedHead: !input.Tensors.Any(tensor => tensor.Name is "output.weight"));
        List<(ConvertedTensor Tensor, GgmlType Type)> plan = [.. input.Tensors.Select(tensor => (tensor, choice.For(tensor)))];
        foreach ((ConvertedTensor tensor, GgmlType chosen) in plan)
        {
            writer.DeclareTensor(tensor.Name, tensor.Shape, chosen);
        }

        writer.BeginData();
        long written = 0, total = writer.DataBytes;
        foreach ((ConvertedTensor tensor, GgmlType chosen) in plan)
        {
            TensorStream.Write(writer, tensor, chosen, cancellationToken);
            written += chosen.ByteCount(tensor.Rows * tensor.Columns);
            progress?.Report(new ConversionProgress(tensor.Name, written, total));
        }

        writer.Finish();
        return new ConversionResult(plan.Count, output.Length, new EquatableList<string>(input.Notes.Concat(choice.Notes)));
    }
}
