using Inferometer.Cpu.Weights;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.Cpu.Lora;

/// <summary>One adapted linear layer as a file names it, before it is matched with a model.</summary>
/// <param name="Module">Name of the module, for messages.</param>
/// <param name="Layer">Layer number.</param>
/// <param name="Sites">What it changes: one site, or those of a fused projection from top to bottom.</param>
/// <param name="Down">A, [rank, inputs].</param>
/// <param name="Up">B, [outputs, rank].</param>
/// <param name="Scale">Factor on the product.</param>
internal sealed record LoraEntry(string Module, int Layer, LoraSite[] Sites, ModelTensor Down, ModelTensor Up, double Scale);

/// <summary>All entries of an adapter file.</summary>
/// <param name="Path">File or folder.</param>
/// <param name="Entries">The adapted layers.</param>
/// <param name="NeighbourPairs">Rows of query and key changes are ordered for rotary embedding of neighbouring channels (GGUF llama
/// files).</param>
internal sealed record LoraFile(string Path, IReadOnlyList<LoraEntry> Entries, bool NeighbourPairs);
