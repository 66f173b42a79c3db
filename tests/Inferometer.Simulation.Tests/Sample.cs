using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;
using Inferometer.Core.Models;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Tests;

/// <summary>Networks and machines with round numbers, written down as records.</summary>
internal static class Sample
{
    public static AttentionMixer Attention(int heads, int kvHeads, int width, int window = 0, int chunk = 0) => new()
    {
        Heads = heads,
        KvHeads = kvHeads,
        HeadDim = width,
        ValueHeadDim = width,
        WindowTokens = window,
        ChunkTokens = chunk,
        Rope = new(),
    };

    public static ModelArchitecture Model(string name, int hidden, int vocabulary, params IEnumerable<LayerArchitecture> layers) => new()
    {
        Name = name,
        ModelType = "llama",
        HiddenSize = hidden,
        VocabularySize = vocabulary,
        MaxContextTokens = 131072,
        Layers = new(layers),
    };

    public static LayerArchitecture Layer(TokenMixer? mixer, FeedForward? feedForward) =>
        new() { Mixer = mixer, FeedForward = feedForward };

    public static IEnumerable<LayerArchitecture> Repeat(int count, TokenMixer? mixer, FeedForward? feedForward) =>
        Enumerable.Repeat(Layer(mixer, feedForward), count);

    /// <summary>Llama-2-7B: 32 layers, 4096 wide, 32 heads of 128, FFN 11008, 32000 words. 6,738,415,616 parameters.</summary>
    public static ModelArchitecture Llama2 { get; } = Model(
        "llama-2-7b", 4096, 32000, Repeat(32, Attention(32, 32, 128), new DenseFeedForward { IntermediateSize = 11008 }));

    /// <summary>Llama-3.1-8B: 32 layers, 4096 wide, 32/8 heads of 128, FFN 14336, 128256 words. 8,030,261,248 parameters.</summary>
    public static ModelArchitecture Llama3 { get; } = Model(
        "llama-3.1-8b", 4096, 128256, Repeat(32, Attention(32, 8, 128), new DenseFeedForward { IntermediateSize = 14336 }));

    /// <summary>Mixtral-8x7B: as Llama but 8 experts of 14336, 2 per token, 32000 words. 46,702,792,704 parameters.</summary>
    public static ModelArchitecture Mixtral { get; } = Model("mixtral-8x7b", 4096, 32000, Repeat(
        32, Attention(32, 8, 128), new MoeFeedForward { Experts = 8, ExpertsPerToken = 2, ExpertIntermediateSize = 14336 }));

    public static LatentAttentionMixer Latent { get; } = new()
    {
        Heads = 128,
        QueryRank = 1536,
        KvRank = 512,
        NopeHeadDim = 128,
        RopeHeadDim = 64,
        ValueHeadDim = 128,
        Rope = new(),
    };

    /// <summary>
    /// DeepSeek-V3: 61 layers of MLA, the first 3 dense, 256 experts of 2048, 8 per token, one shared. 671,026,419,200 parameters.
    /// </summary>
    public static ModelArchitecture DeepSeek { get; } = Model("deepseek-v3", 7168, 129280, [
        .. Repeat(3, Latent, new DenseFeedForward { IntermediateSize = 18432 }),
        .. Repeat(58, Latent, new MoeFeedForward
        {
            Experts = 256, ExpertsPerToken = 8, ExpertIntermediateSize = 2048, SharedIntermediateSize = 2048, RouterBias = true,
        })]);

    /// <summary>
    /// A device of round numbers: 100 TFLOP/s bf16, 200 fp8, 10 fp32, 1 TB/s, 80 GB; all of its peaks are reached and kernels start at
    /// once.
    /// </summary>
    public static Device Device { get; } = new()
    {
        Name = "round",
        PeakOperationsPerSecond = new Dictionary<MathFormat, double>
        {
            [MathFormat.Bf16] = 100e12,
            [MathFormat.Fp8] = 200e12,
            [MathFormat.Fp32] = 10e12,
        },
        MemoryBytes = 80e9,
        MemoryBandwidth = 1e12,
        HostLinkBandwidth = 50e9,
        TdpWatts = 400,
        PricePerHourUsd = 2,
        Efficiency = new()
        {
            Compute = 1,
            AttentionCompute = 1,
            Memory = 1,
            AttentionMemory = 1,
            Link = 1,
            LaunchSeconds = 0,
            ReservedBytes = 1e9,
        },
    };

    /// <summary>Nodes of eight such devices: 100 GB/s and 1 us within a node, 10 GB/s and 5 us between nodes.</summary>
    public static HardwareSystem System { get; } = new()
    {
        Name = "round",
        Device = Device,
        IntraNode = new(100e9, 1e-6),
        InterNode = new(10e9, 5e-6),
    };

    /// <summary>The same with fractions of peak and a kernel start, as real devices have.</summary>
    public static HardwareSystem RealSystem { get; } = System with { Device = Device with { Efficiency = new() } };

    public static EstimateRequest Request(ModelArchitecture model, int batch = 1, int input = 1024, int output = 1) => new()
    {
        Architecture = model,
        System = System,
        Workload = new() { BatchSize = batch, InputTokens = input, OutputTokens = output },
    };
}
