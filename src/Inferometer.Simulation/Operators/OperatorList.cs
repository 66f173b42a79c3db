using Inferometer.Core.Deployments;
using Inferometer.Core.Models;
using Inferometer.Core.Weights;
using Inferometer.Simulation.Network;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Operators;

/// <summary>
/// Operators of one distinct layer (or of what lies outside the layers), being collected. The helpers below are the
/// shapes most operators have; sizes are those of one device.
/// </summary>
internal sealed class OperatorList(DeploymentProfile profile, SharedTables tables, LayerArchitecture? layer = null)
{
    private readonly List<OperatorTemplate> _items = [];

    public DeploymentProfile Profile => profile;

    public SharedTables Tables => tables;

    public IReadOnlyList<OperatorTemplate> Items => _items;

    public double Activation => profile.ActivationBytes;

    public void Add(OperatorTemplate item) => _items.Add(item);

    /// <summary>Everything so far runs with weights that another layer keeps.</summary>
    public void KeepNothing()
    {
        for (int i = 0; i < _items.Count; i++)
        {
            _items[i] = _items[i] with { ResidentBytes = 0, ResidentElements = 0 };
        }
    }

    /// <summary>Bytes of so many elements of a kind of tensor of this layer.</summary>
    public double Bytes(WeightKind kind, double elements) => elements * profile.Stored(layer, kind).BytesPerElement;

    /// <summary>Format a product with a kind of tensor of this layer runs in.</summary>
    public MathFormat Product(WeightKind kind) =>
        WeightParts.IsSmall(kind) ? profile.Request.Precisions.Activations.Math : profile.ProductOf(profile.Stored(layer, kind));

    /// <summary>Product of every token with a weight matrix [outputs, inputs].</summary>
    public void Matrix(string name, OperatorGroup group, WeightKind kind, double inputs, double outputs, double biases = 0) =>
        Matrix(name, group, inputs, biases, (kind, outputs));

    /// <summary>Product of every token with matrices that lie side by side; it runs in the format of the largest.</summary>
    public void Matrix(
        string name, OperatorGroup group, double inputs, double biases, params ReadOnlySpan<(WeightKind Kind, double Outputs)> matrices)
    {
        double bytes = Bytes(WeightKind.Bias, biases);
        double outputs = 0;
        (WeightKind Kind, double Outputs) largest = matrices[0];
        foreach ((WeightKind kind, double rows) in matrices)
        {
            bytes += Bytes(kind, inputs * rows);
            outputs += rows;
            largest = rows > largest.Outputs ? (kind, rows) : largest;
        }

        Add(new()
        {
            Name = name,
            Group = group,
            Rate = RateClass.Matrix,
            Product = Product(largest.Kind),
            Flops = new() { PerToken = 2 * inputs * outputs },
            Weights = new() { Fixed = bytes },
            ActivationRead = new() { PerToken = inputs * Activation },
            ActivationWrite = new() { PerToken = outputs * Activation },
            ResidentBytes = bytes,
            ResidentElements = (inputs * outputs) + biases,
            Part = WeightParts.Of(largest.Kind),
        });
    }

    /// <summary>Element-wise work: amounts per token.</summary>
    public void Elementwise(
        string name, OperatorGroup group, double flops, double readElements, double writeElements, double parameters = 0) => Add(new()
        {
            Name = name,
            Group = group,
            Flops = new() { PerToken = flops },
            Weights = new() { Fixed = Bytes(WeightKind.Norm, parameters) },
            ActivationRead = new() { PerToken = readElements * Activation },
            ActivationWrite = new() { PerToken = writeElements * Activation },
            ResidentBytes = Bytes(WeightKind.Norm, parameters),
            ResidentElements = parameters,
            Part = WeightPart.Norms,
        });

    /// <summary>A collective whose message has so many elements per token (or per row of logits).</summary>
    public void Collective(string name, CollectiveTime time, double perToken, double perRow = 0)
    {
        if (time != CollectiveTime.None)
        {
            Add(new()
            {
                Name = name,
                Group = OperatorGroup.Collectives,
                Launches = 1,
                Message = new() { PerToken = perToken * profile.MessageBytes, PerRow = perRow * profile.MessageBytes },
                Network = time,
            });
        }
    }

    /// <summary>Sum over the tensor-parallel group of so many elements per token; nothing on a single device.</summary>
    public void AllReduce(string name, double perToken)
    {
        if (profile.Tensor > 1)
        {
            Collective(name, profile.Network.AllReduce(profile.Tensor), perToken);
        }
    }

    /// <summary>The two thin products of the adapters beside a matrix [outputs, inputs], where dynamic adapters are served.</summary>
    public void Adapters(string name, LoraTargets target, double inputs, double outputs)
    {
        if (profile.Request.Lora is not { Strategy: LoraStrategy.Dynamic } lora || (lora.Targets & target) == LoraTargets.None)
        {
            return;
        }

        double elements = lora.Rank * (inputs + outputs);
        double bytes = elements * Activation;
        Add(new()
        {
            Name = name,
            Group = OperatorGroup.Lora,
            Rate = RateClass.Matrix,
            Launches = 2,
            Pool = tables.AdapterPool(lora.Adapters),
            Flops = new() { PerToken = 2 * elements },
            Weights = new() { PerTouched = bytes },
            ActivationRead = new() { PerToken = (inputs + lora.Rank + outputs) * Activation },
            ActivationWrite = new() { PerToken = (lora.Rank + outputs) * Activation },
            ResidentBytes = lora.Adapters * bytes,
            ResidentElements = lora.Adapters * elements,
        });
    }
}
