namespace Inferometer.Core.Models;

/// <summary>
/// Inputs of its own that every layer gets beside the residual stream (Gemma 3n, Gemma 4): looked up by token in a second table, and
/// projected from the embedding.
/// </summary>
/// <param name="Width">Width of one layer's input.</param>
/// <param name="Rows">Rows of the table; tokens beyond them read the first.</param>
public sealed record LayerInputs(int Width, int Rows);
