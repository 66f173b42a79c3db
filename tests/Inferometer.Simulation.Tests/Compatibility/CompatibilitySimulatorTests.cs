using Inferometer.Core;
using Inferometer.Simulation.Compatibility;

namespace Inferometer.Simulation.Tests.Compatibility;

/// <summary>Cases small enough to be worked out by hand; the arithmetic stands beside them.</summary>
public sealed class CompatibilitySimulatorTests
{
    private const double Gibi = 1024.0 * 1024 * 1024;

    private static readonly CompatibilityModel Tiny = new()
    {
        Name = "tiny",
        VocabularySize = 8,
        HiddenSize = 4,
        IntermediateSize = 16,
        Layers = 1,
        Heads = 2,
        HeadDim = 2,
        KvHeads = 1,
    };

    /// <summary>A million multiply-adds per second and, for the sizes here, endless bandwidth.</summary>
    private static readonly CompatibilityHardware SlowArithmetic = new()
    {
        Name = "slow-arithmetic",
        PeakTeraFlops = 2e-6,
        MemoryGib = 1,
        MemoryBandwidthGib = 1e6,
        LinkBandwidthGib = 1e6,
    };

    /// <summary>One GiB/s and, for the sizes here, endless arithmetic.</summary>
    private static readonly CompatibilityHardware SlowMemory = SlowArithmetic with
    {
        Name = "slow-memory",
        PeakTeraFlops = 1e6,
        MemoryBandwidthGib = 1,
    };

    private static readonly CompatibilityDeployment Half = new() { SystemEfficiency = 0.5 };

    [Fact]
    public void Prefill_of_a_tiny_model_takes_its_multiply_adds_over_the_peak()
    {
        // Four tokens: embedding 4*4*8, QKV (2+2*1)*2 * 4 * 4, scores 2*4*4*2, values the same, output 4*4*4,
        // up and gate 2*16*4*4, down 4*4*16, LM head on all four positions 8*4*4.
        double macs = 128 + 128 + 64 + 64 + 64 + 512 + 256 + 128;

        CompatibilityResult result = new CompatibilitySimulator(CompatibilityDialect.Genz)
            .Prefill(new CompatibilitySetup(Tiny, SlowArithmetic, new CompatibilityDeployment()), batch: 1, inputTokens: 4);

        Assert.Equal(1000 * macs / 1e6, result.LatencyMs, 12);
        Assert.Equal(2 * macs / 1e6, result.Totals.MegaFlops, 12);
        Assert.Equal(8, result.TemplateOperatorCount);
    }

    [Fact]
    public void Causal_scores_are_discounted_by_bud_only()
    {
        // A share of 1 - 3 / (2*4) of the 64 + 64 score and value multiply-adds remains; half the peak is reached.
        double macs = 1344 - 128 + (128 * 0.625);

        CompatibilityResult result = new CompatibilitySimulator(CompatibilityDialect.Bud)
            .Prefill(new CompatibilitySetup(Tiny, SlowArithmetic, Half), batch: 1, inputTokens: 4);

        Assert.Equal(1000 * macs / 0.5e6, result.LatencyMs, 12);
    }

    [Fact]
    public void Decode_of_a_tiny_model_takes_the_bytes_it_reads_over_the_bandwidth()
    {
        // Elements through memory: QKV 8*4, keys 6*2 and 2*2, values the same, output 4*4, up and gate 32*4, down 4*16, and the
        // LM head with its input and output 8*4 + 4 + 8.
        double elements = 32 + 12 + 4 + 12 + 4 + 16 + 128 + 64 + 44;
        // Inputs and outputs of all others stay on the chip: QKV 4+8, scores 4+12 and 4+4, values 12+4 and 4+4, output 4+4, up 4+32, down
        // 16+4.
        double onChip = 12 + 16 + 8 + 16 + 8 + 8 + 36 + 20;

        CompatibilityResult result = new CompatibilitySimulator(CompatibilityDialect.Genz)
            .Decode(new CompatibilitySetup(Tiny, SlowMemory, new CompatibilityDeployment()), batch: 1, inputTokens: 6, outputTokens: 2);

        double seconds = (2 * elements / Gibi) + (2 * onChip / (18000 * Gibi));
        Assert.Equal(1, 1000 * seconds / result.LatencyMs, 12);
        Assert.Equal(1000 / result.LatencyMs, result.Throughput, 6);
    }

    [Fact]
    public void Beams_share_the_prompt_and_own_what_they_generate()
    {
        CompatibilitySimulator genz = new(CompatibilityDialect.Genz);
        CompatibilitySetup setup = new(Tiny, SlowMemory, new CompatibilityDeployment());

        CompatibilityResult one = genz.Decode(setup, batch: 1, inputTokens: 6, outputTokens: 2, beams: 1);
        CompatibilityResult four = genz.Decode(setup, batch: 1, inputTokens: 6, outputTokens: 2, beams: 4);

        // Keys and values of the prompt, 2*6*2 elements, are read once; those of the answer, 2*2*2, once per beam.
        double mib = 2 / (1024.0 * 1024);
        Assert.Equal((24 + 8) * mib, one.Totals.KvCacheMib, 15);
        Assert.Equal((24 + (4 * 8)) * mib, four.Totals.KvCacheMib, 15);
    }

    [Fact]
    public void Mixture_decode_reads_the_chosen_experts_whatever_the_batch()
    {
        CompatibilitySimulator bud = new(CompatibilityDialect.Bud);
        CompatibilityModel mixture = Tiny with { Experts = 8, ExpertsPerToken = 2 };
        CompatibilitySetup setup = new(mixture, SlowMemory, Half);

        CompatibilityResult small = bud.Decode(setup, batch: 1, inputTokens: 6, outputTokens: 1);
        CompatibilityResult large = bud.Decode(setup, batch: 64, inputTokens: 6, outputTokens: 1);

        // One expert has 3*4*16 weights; six of eight are never read.
        double unusedMib = 6 * 192 * 2 / (1024.0 * 1024);
        Assert.Equal(unusedMib, small.Totals.UnusedWeightsMib, 15);
        Assert.Equal(unusedMib, large.Totals.UnusedWeightsMib, 15);
    }

    [Fact]
    public void What_does_not_fit_is_refused_and_runs_slower_when_offloaded()
    {
        CompatibilitySimulator genz = new(CompatibilityDialect.Genz);
        // 712 weights and cache elements of two bytes against 512 bytes of memory.
        CompatibilityHardware small = SlowMemory with { MemoryGib = 512 / Gibi };
        CompatibilitySetup setup = new(Tiny, small, new CompatibilityDeployment());

        InferometerException refused = Assert.Throws<InferometerException>(() => genz.Decode(setup, 1, 6, 2));
        Assert.Contains("does not fit", refused.Message, StringComparison.Ordinal);

        CompatibilityResult offloaded = genz.Decode(setup with { Deployment = setup.Deployment with { Offload = true } }, 1, 6, 2);
        Assert.True(offloaded.IsOffloaded);
    }

    [Fact]
    public void Expert_parallelism_must_divide_the_experts()
    {
        CompatibilitySetup dense = new(Tiny, SlowMemory, new CompatibilityDeployment { ExpertParallel = 2 });

        InferometerException error = Assert.Throws<InferometerException>(
            () => new CompatibilitySimulator(CompatibilityDialect.Bud).Prefill(dense, 1, 4));

        Assert.Contains("does not divide", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_widths_and_layers_without_attention_are_refused()
    {
        CompatibilitySimulator bud = new(CompatibilityDialect.Bud);
        CompatibilitySetup setup = new(Tiny, SlowMemory, new CompatibilityDeployment { Bits = "q4_k" });

        Assert.Contains("q4_k", Assert.Throws<InferometerException>(() => bud.Prefill(setup, 1, 4)).Message, StringComparison.Ordinal);
        CompatibilitySetup recurrent = new(Tiny with { HasOtherLayerKinds = true }, SlowMemory, new CompatibilityDeployment());
        Assert.Throws<InferometerException>(() => bud.Decode(recurrent, 1, 4, 1));
    }
}
