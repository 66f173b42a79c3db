namespace Inferometer.Compression.Profiles;

/// <summary>Makes the compression profiles of a model's layers.</summary>
public interface ICompressionProfileBuilder
{
    /// <summary>Layers of the model.</summary>
    int LayerCount { get; }

    /// <summary>Profiles <c>none</c>, <c>low</c>, <c>med</c> and <c>high</c> of all heads or head groups of a layer.</summary>
    /// <param name="layer">Layer, 0 to <see cref="LayerCount"/> - 1.</param>
    /// <param name="cancellationToken">Stops between head groups.</param>
    LayerCompressionProfiles BuildCompressionProfiles(int layer, CancellationToken cancellationToken = default);
}
