namespace Inferometer.ModelFiles.Conversion;

/// <summary>How far a conversion has come.</summary>
/// <param name="TensorName">Tensor that was just finished, by its name in the new file.</param>
/// <param name="WrittenBytes">Bytes of tensor data written so far.</param>
/// <param name="TotalBytes">Bytes of tensor data to write.</param>
public readonly record struct ConversionProgress(string TensorName, long WrittenBytes, long TotalBytes);
