using System.Globalization;
using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.ModelFiles.Synthesis;

/// <summary>
/// Writes GGUF files of the llama architecture with random weights of realistic scale: for speed, memory and loading tests, not for
/// text. Equal arguments give equal bytes, whatever the number of threads.
/// </summary>
public static class SyntheticModel
{
    private const int ChunkBytes = 1 << 20;

    /// <summary>Formats that models can be made in: all that can be encoded, and MXFP4 and NVFP4, which can be made alone.</summary>
    public static IReadOnlyList<GgmlType> Types { get; } = [.. BlockCodec.WrittenTypes, GgmlType.MXFP4, GgmlType.NVFP4];

    /// <summary>Writes a model; the file appears under its name when it is complete.</summary>
    /// <param name="path">The file; an older one is replaced.</param>
    /// <param name="shape">Widths.</param>
    /// <param name="type">Format of all matrices; norms are F32. A matrix whose rows do not fill the format's blocks is refused.</param>
    /// <param name="seed">Any number.</param>
    /// <param name="progress">Told the fraction done, 0 to 1.</param>
    /// <param name="cancellationToken">Stops the work and removes the unfinished file.</param>
    /// <exception cref="InferometerException">The shape is impossible, does not fit the format, or the file cannot be written.</exception>
    public static void Write(
        string path, SyntheticShape shape, GgmlType type, ulong seed, IProgress<double>? progress = null,
            CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(shape);
        Check(shape, type);
        using AtomicFile file = new(path);
        try
        {
            Write(file.Stream, shape, type, seed, progress, cancellationToken);
            file.Commit();
        }
        catch (IOException error)
        {
            throw new InferometerException($"{path}: cannot be written: {FileFault.Describe(error, path)}", error);
        }
    }

    internal static void Write(
        Stream output, SyntheticShape shape, GgmlType type, ulong seed, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        GgufWriter writer = new(output);
        WriteMetadata(writer, shape, type, seed);
        List<Plan> plans = [.. Tensors(shape, type)];
        plans.ForEach(plan => writer.DeclareTensor(plan.Name, plan.Shape, plan.Type));
        writer.BeginData();
        double total = writer.DataBytes, done = 0;
        foreach (Plan plan in plans)
        {
            WriteTensor(writer, plan, seed, cancellationToken);
            done += plan.Bytes;
            progress?.Report(done / total);
        }

        writer.Finish();
    }

    /// <summary>Makes a batch of chunks in parallel, writes them in order, and so on: memory stays at a few MiB per processor.</summary>
    private static void WriteTensor(GgufWriter writer, Plan plan, ulong seed, CancellationToken cancellationToken)
    {
        int chunkBytes = ChunkBytes / plan.Type.BlockBytes() * plan.Type.BlockBytes();
        long chunks = (plan.Bytes + chunkBytes - 1) / chunkBytes;
        int batch = (int)Math.Min(chunks, 4L * Environment.ProcessorCount);
        byte[] buffer = new byte[Math.Min(plan.Bytes, (long)batch * chunkBytes)];
        for (long first = 0; first < chunks; first += batch)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int size = (int)Math.Min(buffer.Length, plan.Bytes - (first * chunkBytes));
            long start = first;
            Parallel.For(0, (size + chunkBytes - 1) / chunkBytes, i =>
            {
                NoiseSource noise = new(seed, plan.Name, start + i);
                Span<byte> chunk = buffer.AsSpan(i * chunkBytes, Math.Min(chunkBytes, size - (i * chunkBytes)));
                RandomBlocks.Fill(plan.Type, plan.Deviation, ref noise, chunk);
                if (plan.Shape.Length == 1)
                {
                    AddOne(chunk);
                }
            });
            writer.Write(buffer.AsSpan(0, size));
        }
    }

    /// <summary>Norms lie around one.</summary>
    private static void AddOne(Span<byte> floats)
    {
        foreach (ref float value in System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(floats))
        {
            value += 1;
        }
    }

    private static IEnumerable<Plan> Tensors(SyntheticShape shape, GgmlType type)
    {
        int width = shape.HiddenSize, kvWidth = shape.KvHeads * shape.HeadSize;
        float residual = 1 / MathF.Sqrt(2f * shape.Layers); // branches that are added up, as in scaled initialisation
        Plan Matrix(string name, int rows, int columns, float factor = 1) =>
            new(name + ".weight", [rows, columns], type, factor / MathF.Sqrt(columns));
        Plan Norm(string name) => new(name + ".weight", [width], GgmlType.F32, 0.05f);

        yield return Matrix("token_embd", shape.VocabularySize, width);
        for (int layer = 0; layer < shape.Layers; layer++)
        {
            string block = string.Create(CultureInfo.InvariantCulture, $"blk.{layer}.");
            yield return Norm(block + "attn_norm");
            yield return Matrix(block + "attn_q", width, width);
            yield return Matrix(block + "attn_k", kvWidth, width);
            yield return Matrix(block + "attn_v", kvWidth, width);
            yield return Matrix(block + "attn_output", width, width, residual);
            yield return Norm(block + "ffn_norm");
            yield return Matrix(block + "ffn_gate", shape.FeedForwardSize, width);
            yield return Matrix(block + "ffn_up", shape.FeedForwardSize, width);
            yield return Matrix(block + "ffn_down", width, shape.FeedForwardSize, residual);
        }

        yield return Norm("output_norm");
        yield return Matrix("output", shape.VocabularySize, width);
    }

    private static void WriteMetadata(GgufWriter writer, SyntheticShape shape, GgmlType type, ulong seed)
    {
        writer.Set("general.architecture", "llama");
        writer.Set(
            "general.name", string.Create(CultureInfo.InvariantCulture, $"synthetic {shape.ParameterCount / 1e6:F0}M {type} seed {seed}"));
        writer.Set("general.file_type", GgufFileType.Of(type));
        writer.Set("general.quantization_version", 2u);
        writer.Set("llama.context_length", (uint)shape.ContextTokens);
        writer.Set("llama.embedding_length", (uint)shape.HiddenSize);
        writer.Set("llama.block_count", (uint)shape.Layers);
        writer.Set("llama.feed_forward_length", (uint)shape.FeedForwardSize);
        writer.Set("llama.attention.head_count", (uint)shape.Heads);
        writer.Set("llama.attention.head_count_kv", (uint)shape.KvHeads);
        writer.Set("llama.attention.layer_norm_rms_epsilon", 1e-5f);
        writer.Set("llama.rope.dimension_count", (uint)shape.HeadSize);
        writer.Set("llama.rope.freq_base", shape.RopeBase);
        writer.Set("llama.vocab_size", (uint)shape.VocabularySize);
        SyntheticVocabulary.Write(writer, shape.VocabularySize);
    }

    private static void Check(SyntheticShape shape, GgmlType type)
    {
        shape.Validate();
        if (!Types.Contains(type))
        {
            throw new InferometerException(
                $"Synthetic model: {type} cannot be made. Supported: {string.Join(", ", Types)}.");
        }

        if (shape.HiddenSize % type.BlockSize() != 0 || shape.FeedForwardSize % type.BlockSize() != 0)
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture,
                $"Synthetic model: {type} needs widths that are multiples of {type.BlockSize()}; given are {shape.HiddenSize} and "
                    + $"{shape.FeedForwardSize}."));
        }
    }

    private sealed record Plan(string Name, long[] Shape, GgmlType Type, float Deviation)
    {
        public long Bytes { get; } = Type.ByteCount(Shape.Aggregate(1L, (product, extent) => product * extent));
    }
}
