using Inferometer.Core;

namespace Inferometer.ModelFiles.Conversion;

/// <summary>What a conversion did.</summary>
/// <param name="TensorCount">Tensors written.</param>
/// <param name="Files">The new file, or the parts of a split one in order.</param>
/// <param name="FileBytes">Length of all of them.</param>
/// <param name="Notes">Everything a user should know of: tensors stored in another format than asked for, inputs left out, weights
/// quantised twice.</param>
public sealed record ConversionResult(int TensorCount, EquatableList<string> Files, long FileBytes, EquatableList<string> Notes);
