using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;
using Inferometer.Core.Models;
using Inferometer.Simulation.Compatibility;

namespace Inferometer.Simulation.Tests.Compatibility;

public sealed class CompatibilityMappingTests
{
    private static readonly AttentionMixer Attention = new() { Heads = 32, KvHeads = 8, HeadDim = 128, ValueHeadDim = 128 };
    private static readonly DenseFeedForward Gated = new() { IntermediateSize = 14336 };

    [Fact]
    public void A_dense_model_keeps_its_sizes_and_its_gate()
    {
        CompatibilityModel model = CompatibilityModels.From(Model(Enumerable.Repeat<(TokenMixer, FeedForward)>((Attention, Gated), 32)));

        Assert.Equal(
            (32, 32, 8, 128, 14336L, 2),
            (model.Layers, model.Heads, model.KvHeads, model.HeadDim, model.IntermediateSize, model.FeedForwardInputs));
        Assert.Equal((1, null, null), (model.Experts, model.GlobalLayerPeriod, model.LatentAttention));
    }

    [Fact]
    public void Interleaved_windows_become_a_period()
    {
        AttentionMixer local = Attention with { WindowTokens = 1024 };
        CompatibilityModel model = CompatibilityModels.From(
            Model(Enumerable.Range(0, 62).Select(i => ((TokenMixer)((i + 1) % 6 == 0 ? Attention : local), (FeedForward)Gated))));

        Assert.Equal((1024L, 6), (model.WindowTokens, model.GlobalLayerPeriod));
    }

    [Fact]
    public void Leading_dense_layers_give_a_mixture_their_width_and_make_it_fine_grained()
    {
        MoeFeedForward mixture = new() { Experts = 64, ExpertsPerToken = 6, ExpertIntermediateSize = 1408, SharedIntermediateSize = 2816 };
        DenseFeedForward dense = new() { IntermediateSize = 10944 };
        CompatibilityModel model = CompatibilityModels.From(
            Model(Enumerable.Range(0, 28).Select(i => ((TokenMixer)Attention, i == 0 ? (FeedForward)dense : mixture))));

        Assert.Equal(
            (64, 6, 10944L, 1408L, true),
            (model.Experts, model.ExpertsPerToken, model.IntermediateSize, model.ExpertIntermediateSize, model.FineGrainedExperts));
        Assert.Equal((1, 2816L), (model.SharedExperts, model.SharedExpertIntermediateSize));
    }

    [Fact]
    public void Recurrences_are_refused_by_name()
    {
        MambaMixer mamba = new() { Heads = 8, HeadDim = 64, StateSize = 16, Groups = 1, ConvolutionTaps = 4 };

        InferometerException error = Assert.Throws<InferometerException>(
            () => CompatibilityModels.From(Model([(mamba, Gated), (Attention, Gated)])));

        Assert.Contains("'test'", error.Message, StringComparison.Ordinal);
        Assert.Contains("recurrence", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rates_keep_the_number_of_their_label_and_memory_its_size()
    {
        HardwareSystem system = new()
        {
            Name = "H100_SXM",
            Device = new Device
            {
                Name = "H100_SXM",
                Vendor = "NVIDIA",
                Architecture = "Hopper",
                PeakOperationsPerSecond = new Dictionary<MathFormat, double> { [MathFormat.Bf16] = 989.5e12 },
                MemoryBytes = 80 * 1024.0 * 1024 * 1024,
                MemoryBandwidth = 3350e9,
                MemoryType = "HBM3",
            },
            IntraNode = new Link(450e9, 1e-6),
            InterNode = new Link(50e9, 5e-6),
        };

        CompatibilityHardware hardware = CompatibilitySystems.From(system);

        Assert.Equal(
            (989.5, 80d, 3350d, 450d, 1d),
            (hardware.PeakTeraFlops, hardware.MemoryGib, hardware.MemoryBandwidthGib,
                hardware.LinkBandwidthGib, hardware.LinkLatencyMicroseconds));
        Assert.Equal(("HBM3", "gen4"), (hardware.MemoryType, hardware.TensorCores));
    }

    [Fact]
    public void Mixed_precisions_and_replicas_are_refused()
    {
        Precision int4 = Precision.Parse("int4", "test");

        Assert.Throws<InferometerException>(() => CompatibilitySystems.From(Parallelism.None, int4, Precision.Bf16, Precision.Bf16));
        Assert.Throws<InferometerException>(
            () => CompatibilitySystems.From(new Parallelism(Data: 2), Precision.Bf16, Precision.Bf16, Precision.Bf16));
        Assert.Equal("bf16", CompatibilitySystems.From(Parallelism.None, Precision.Bf16, Precision.Bf16, Precision.Bf16).Bits);
    }

    private static ModelArchitecture Model(IEnumerable<(TokenMixer Mixer, FeedForward FeedForward)> layers) => new()
    {
        Name = "test",
        ModelType = "llama",
        HiddenSize = 4096,
        VocabularySize = 128256,
        MaxContextTokens = 8192,
        Layers = new EquatableList<LayerArchitecture>(
            layers.Select(l => new LayerArchitecture { Mixer = l.Mixer, FeedForward = l.FeedForward })),
    };
}
