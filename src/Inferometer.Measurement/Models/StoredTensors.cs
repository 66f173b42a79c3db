using Inferometer.Core.Gguf;

namespace Inferometer.Measurement.Models;

/// <summary>Tensors of one storage format in a model's files.</summary>
/// <param name="Type">The format.</param>
/// <param name="Tensors">How many there are.</param>
/// <param name="Parameters">Values in them.</param>
/// <param name="Bytes">Bytes they take.</param>
public sealed record StoredTensors(GgmlType Type, int Tensors, long Parameters, long Bytes);
