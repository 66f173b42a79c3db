using Inferometer.Core.Gguf;

namespace Inferometer.ModelFiles.Conversion;

/// <summary>How a model is converted.</summary>
public sealed record ConversionOptions
{
    /// <summary>
    /// Format of the matrices. Vectors and expert routers are F32. With Q4_K and Q5_K the output head is Q6_K. Rows that do not fill
    /// blocks get another format of about as many bits, or F16 where none fits; every such case is in the notes.
    /// </summary>
    public required GgmlType Type { get; init; }

    /// <summary>
    /// Name of a mix (<see cref="QuantizationMix"/>): each matrix gets the format that llama.cpp's quantiser gives it, and
    /// <see cref="Type"/> does not count. Null for one format throughout.
    /// </summary>
    public string? Mix { get; init; }

    /// <summary>How much errors of each weight count, or null.</summary>
    public ImportanceMatrix? Importance { get; init; }

    /// <summary>Bytes of tensors that one file holds at most (a single larger tensor has a file of its own); 0 for no limit.</summary>
    public long MaxPartBytes { get; init; }

    /// <summary>Tensors that one file holds at most; 0 for no limit.</summary>
    public int MaxPartTensors { get; init; }
}
