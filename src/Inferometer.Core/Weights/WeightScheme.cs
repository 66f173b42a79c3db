using Inferometer.Core.Deployments;

namespace Inferometer.Core.Weights;

/// <summary>
/// How the weights of a checkpoint are stored, tensor by tensor: one format throughout, what an inference engine quantises and what it
/// leaves, a mix of block formats, or the table of a file. Immutable; equal by value.
/// </summary>
public abstract record WeightScheme
{
    /// <summary>Short name, such as <c>fp8</c>, <c>mxfp4</c> or <c>q4_k_m</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Where it comes from: a setting, a file and its field.</summary>
    public required string Origin { get; init; }

    /// <summary>The format most weights are in.</summary>
    public required Precision Main { get; init; }

    /// <summary>Format of activations and of exact keys and values where nothing else is said.</summary>
    public required Precision Compute { get; init; }

    /// <summary>It describes the model's own checkpoint, so that it says nothing of another model.</summary>
    public bool IsOfCheckpoint { get; init; }

    /// <summary>The file is one that llama.cpp reads.</summary>
    public virtual bool IsGguf => false;

    /// <summary>Something that a reader should know of it, in a sentence; null = nothing.</summary>
    public string? Note { get; init; }

    /// <summary>Bytes of tensors that belong to no part of the described network.</summary>
    public virtual double BytesBeside(double described) => 0;

    /// <summary>The rule for one model, to be asked for each of its tensors.</summary>
    /// <param name="facts">The model.</param>
    public abstract Func<WeightTensor, StoredWeight> For(WeightFacts facts);
}
