using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.ModelFiles.Layouts;

/// <summary>A tensor of a layer that holds several linear layers, or one laid out in another way.</summary>
/// <param name="Tensor">The tensor.</param>
/// <param name="Prefix">Its name up to the part that tells what it is: <c>model.layers.3</c>.</param>
/// <param name="Model">The network.</param>
/// <param name="Layer">The layer.</param>
internal sealed record FusedTensor(ModelTensor Tensor, string Prefix, ModelArchitecture Model, LayerArchitecture Layer)
{
    /// <summary>It is a vector with a number per output.</summary>
    public bool IsBias => Tensor.Shape.Count == 1;

    /// <summary>Ending of the names of its parts.</summary>
    public string Ending => IsBias ? ".bias" : ".weight";

    /// <summary>Outputs: rows, or elements of a bias.</summary>
    public long Outputs => IsBias ? Tensor.ElementCount : Tensor.Rows;

    /// <summary>A linear layer made of some of the outputs.</summary>
    /// <param name="name">Name after the prefix, without ending.</param>
    /// <param name="count">Its outputs.</param>
    /// <param name="outputOf">Which output of the tensor each of them is.</param>
    public PackedWeight Part(string name, long count, Func<long, long> outputOf) => IsBias
        ? new GatheredElements(Tensor, $"{Prefix}.{name}.bias", [count], (_, column) => outputOf(column))
        : new GatheredRows(Tensor, $"{Prefix}.{name}.weight", [count, Tensor.Columns], outputOf);

    /// <summary>The tensor under another name, or in another shape of as many elements.</summary>
    public PackedWeight Renamed(string name, EquatableList<long> shape) => IsBias
        ? new GatheredElements(Tensor, $"{Prefix}.{name}", shape, (_, column) => column)
        : new GatheredRows(Tensor, $"{Prefix}.{name}", shape, row => row);

    /// <exception cref="InferometerException">The tensor has not the extents.</exception>
    public void RequireOutputs(long outputs)
    {
        if (Outputs != outputs)
        {
            throw Wrong($"{outputs} outputs");
        }
    }

    public InferometerException Wrong(string expected) =>
        new($"{Tensor.Source}: tensor '{Tensor.Name}' is [{string.Join(", ", Tensor.Shape)}]; the configuration asks for {expected}.");
}
