namespace Inferometer.Core.Models.HuggingFace;

/// <summary>Builds layers and their parts from a model's fields; what a family's own rules are written with.</summary>
internal sealed class LayerFactory
{
    private readonly MixerBuilder _mixers;
    private readonly RecurrentBuilder _recurrences;
    private readonly FeedForwardBuilder _feedForwards;

    public LayerFactory(ModelShape shape)
    {
        Shape = shape;
        var kinds = new LayerKinds(shape);
        _recurrences = new RecurrentBuilder(shape);
        _mixers = new MixerBuilder(shape, kinds);
        _feedForwards = new FeedForwardBuilder(shape);
        Kinds = kinds;
    }

    public ModelShape Shape { get; }

    public LayerKinds Kinds { get; }

    public JsonFields Fields => Shape.Fields;

    /// <summary>The attention of a layer that has queries, keys and values.</summary>
    /// <exception cref="InferometerException">The fields say another kind, which the family does not have.</exception>
    public AttentionMixer Attention(LayerArchitecture layer) => MixerOf<AttentionMixer>(layer, "attention");

    /// <summary>The latent attention of a layer.</summary>
    /// <exception cref="InferometerException">The fields say another kind, which the family does not have.</exception>
    public LatentAttentionMixer Latent(LayerArchitecture layer) => MixerOf<LatentAttentionMixer>(layer, "latent attention");

    /// <summary>The dense network of a layer that has one.</summary>
    /// <exception cref="InferometerException">The fields say that it has none.</exception>
    public DenseFeedForward Dense(LayerArchitecture layer) => layer.FeedForward as DenseFeedForward ?? throw new InferometerException(
        $"{Fields.Source}: its fields ask for a layer without a dense network, which the family does not have.");

    /// <summary>The experts of a layer that has some.</summary>
    /// <exception cref="InferometerException">The fields say that it has none.</exception>
    public MoeFeedForward Experts(LayerArchitecture layer) => layer.FeedForward as MoeFeedForward ?? throw new InferometerException(
        $"{Fields.Source}: its fields ask for a layer without experts, which the family does not have.");

    public int Hidden => Shape.HiddenSize;

    public int LayerCount => Shape.LayerCount;

    /// <summary>The mixer that the file gives a layer.</summary>
    public TokenMixer Mixer(int layer) => Kinds.IsRecurrent(layer) ? Recurrence() : _mixers.Build(layer);

    public AttentionMixer Softmax(int layer) => _mixers.Softmax(layer);

    public LatentAttentionMixer Latent(int layer) => _mixers.Latent(layer);

    public TokenMixer Recurrence() => _recurrences.Build(Shape.Traits.Recurrent);

    public MambaMixer Mamba() => _recurrences.Mamba();

    public FeedForward FeedForward(int layer) => _feedForwards.Build(layer);

    public DenseFeedForward Dense(int layer = 0) => _feedForwards.Dense(layer);

    public MoeFeedForward Experts(int layer) => _feedForwards.Experts(layer);

    /// <summary>The usual layer: a mixer and a feed-forward part.</summary>
    public LayerArchitecture Standard(int layer) => new() { Mixer = Mixer(layer), FeedForward = FeedForward(layer) };

    private T MixerOf<T>(LayerArchitecture layer, string kind)
        where T : TokenMixer => layer.Mixer as T ?? throw new InferometerException(
            $"{Fields.Source}: its fields ask for layers of another kind than the family's {kind} (kv_lora_rank, layer_types).");
}
