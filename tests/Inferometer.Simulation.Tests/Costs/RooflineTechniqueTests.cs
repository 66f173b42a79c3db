using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;
using Inferometer.Core.Models;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Tests.Costs;

public class RooflineTechniqueTests
{
    private readonly RooflineCostModel _model = new();

    [Fact]
    public void Weight_only_quantisation_computes_in_the_format_of_the_activations()
    {
        EstimateRequest request = Sample.Request(Sample.Llama2, input: 1000) with
        {
            Precisions = new() { Weights = Precision.Parse("int4", "test") },
        };
        OperatorRow row = _model.Prefill(request).One("gate_up_projection");
        Assert.Equal(0.5 * 4096 * 22016, row.WeightBytes, 1e-6);
        Assert.Equal(1000d * 2 * 4096 * 22016 / 100e12, row.ComputeSeconds, 1e-15);
    }

    [Fact]
    public void Weights_and_activations_in_8_bits_compute_in_8_bits()
    {
        Precision fp8 = Precision.Parse("fp8", "test");
        EstimateRequest request = Sample.Request(Sample.Llama2, input: 1000) with
        {
            Precisions = new() { Weights = fp8, Activations = fp8 },
        };
        Assert.Equal(1000d * 2 * 4096 * 22016 / 200e12, _model.Prefill(request).One("gate_up_projection").ComputeSeconds, 1e-15);

        // The head can stay in bf16.
        OperatorRow head = _model.Prefill(request with { EmbeddingPrecision = Precision.Bf16 }).One("lm_head");
        Assert.Equal(2d * 4096 * 32000, head.WeightBytes, 1e-6);
        Assert.Equal(2d * 4096 * 32000 / 100e12, head.ComputeSeconds, 1e-15);
    }

    [Fact]
    public void KV_precision_halves_the_cache_alone()
    {
        EstimateRequest request = Sample.Request(Sample.Llama3, output: 2, input: 99) with
        {
            Precisions = new() { KvCache = Precision.Parse("fp8", "test") },
        };
        PhaseEstimate decode = _model.Decode(request);
        Assert.Equal(100d * 2 * 1024, decode.One("attention_decode").KvReadBytes);
        Assert.Equal(4096d * 2, decode.One("attention_decode").ActivationReadBytes);
    }

    [Fact]
    public void Without_flash_attention_the_scores_pass_through_memory()
    {
        EstimateRequest request = Sample.Request(Sample.Llama2, input: 100);
        PhaseEstimate tiled = _model.Prefill(request);
        PhaseEstimate plain = _model.Prefill(request with { FlashAttention = false });

        // 5050 pairs x 32 heads x 2 bytes: written by the scores, read and written by the softmax, read by the values.
        double matrix = 5050d * 32 * 2;
        Assert.Equal(32 * 4 * matrix, plain.Totals.MemoryBytes - tiled.Totals.MemoryBytes, 1e-2);
        Assert.Equal(tiled.Total(row => row.Flops) + (32 * 5 * 5050d * 32), plain.Total(row => row.Flops), 1);
        Assert.True(plain.LatencySeconds > tiled.LatencySeconds);
    }

    [Fact]
    public void Dynamic_adapters_add_two_thin_products_and_their_memory()
    {
        LoraSpec lora = new() { Rank = 16, Adapters = 4, Targets = LoraTargets.Attention };
        EstimateRequest request = Sample.Request(Sample.Llama2, batch: 2, output: 2);
        PhaseEstimate decode = _model.Decode(request with { Lora = lora });
        OperatorRow qkv = decode.One("lora_qkv");

        // One adapter each for queries, keys and values, with inputs of their own.
        Assert.Equal(2d * 2 * 16 * ((3 * 4096) + 12288), qkv.Flops);

        // Two sequences draw from four adapters: 4 (1 - (3/4)^2) = 1.75 of them.
        Assert.Equal(1.75 * 16 * ((3 * 4096) + 12288) * 2, qkv.WeightBytes, 1e-6);
        double resident = _model.Estimate(request with { Lora = lora }).Memory!.WeightBytes - _model.Estimate(request).Memory!.WeightBytes;
        Assert.Equal(4d * 32 * 16 * ((3 * 4096) + 12288 + 4096 + 4096) * 2, resident, 1);
        Assert.Empty(decode.Named("lora_gate_up"));
    }

    [Fact]
    public void Adapters_on_all_linear_layers_have_the_parameters_that_training_libraries_count()
    {
        // Llama-3-8B, rank 16, q, k, v, o, gate, up and down: 41,943,040 parameters.
        EstimateRequest request = Sample.Request(Sample.Llama3);
        double resident = _model.Estimate(request with { Lora = new() { Rank = 16 } }).Memory!.WeightBytes
            - _model.Estimate(request).Memory!.WeightBytes;
        Assert.Equal(41_943_040d * 2, resident, 1);
    }

    [Fact]
    public void A_merged_adapter_is_free_and_several_cannot_be_merged()
    {
        EstimateRequest request = Sample.Request(Sample.Llama2, output: 2);
        LoraSpec merged = new() { Rank = 16, Strategy = LoraStrategy.Merged };
        Assert.Equal(_model.Decode(request).LatencySeconds, _model.Decode(request with { Lora = merged }).LatencySeconds);
        Assert.Throws<InferometerException>(() => _model.Decode(request with { Lora = merged with { Adapters = 2 } }));
    }

    [Fact]
    public void Offloaded_weights_cross_the_link()
    {
        EstimateRequest request = Sample.Request(Sample.Llama2, output: 2) with { Offload = new() { WeightShare = 0.25 } };
        double bytes = 4096d * 22016 * 2;
        double activations = (4096d + 22016) * 2;
        OperatorRow overlapped = _model.Decode(request).One("gate_up_projection");
        Assert.Equal(0.25 * bytes / 50e9, overlapped.Seconds, 1e-15);
        Assert.Equal(OperatorBound.OffloadLink, overlapped.Bound);
        OperatorRow added = _model.Decode(
            request with { Offload = new() { WeightShare = 0.25, Overlapped = false } }).One("gate_up_projection");
        Assert.Equal((0.25 * bytes / 50e9) + (((0.75 * bytes) + activations) / 1e12), added.Seconds, 1e-12);

        double kept = _model.Estimate(Sample.Request(Sample.Llama2)).Memory!.WeightBytes;
        Assert.Equal(0.75 * kept, _model.Estimate(request).Memory!.WeightBytes, 1);
    }

    [Fact]
    public void Compressed_KV_takes_fewer_bytes_and_work_to_rebuild()
    {
        // 8192 x 2 bytes x 32 layers = 524288 bytes a token, stored in a quarter; 1.6e6 FLOPs a token = 5e4 a layer.
        KvCompressionSpec spec = new() { BytesPerToken = 131072, ReconstructionFlopsPerToken = 1.6e6 };
        EstimateRequest request = Sample.Request(Sample.Llama2, output: 2, input: 99);
        OperatorRow plain = _model.Decode(request).One("attention_decode");
        OperatorRow packed = _model.Decode(request with { KvCompression = spec }).One("attention_decode");
        Assert.Equal(plain.KvReadBytes / 4, packed.KvReadBytes, 1e-6);
        Assert.Equal(plain.Flops + (100 * 5e4), packed.Flops, 1e-3);
        Assert.Equal(131072, _model.Estimate(request with { KvCompression = spec }).Memory!.KvBytesPerToken, 1e-6);
    }

    [Fact]
    public void A_codecs_work_is_done_when_tokens_are_written_queried_and_paired()
    {
        // Per layer a 32nd: 1e3 FLOPs to write a token, 2e3 per query, 3 less per pair.
        KvCompressionSpec spec = KvCompressionSpec.Of(
            "test", new(Bytes: 131072, WriteFlops: 3.2e4, ReadFlops: 0, QueryFlops: 6.4e4, PairFlops: -96));
        EstimateRequest request = Sample.Request(Sample.Llama2, output: 2, input: 99);
        PhaseEstimate plain = _model.Decode(request), packed = _model.Decode(request with { KvCompression = spec });
        Assert.Equal(plain.One("rope_kv_write").Flops + 1e3, packed.One("rope_kv_write").Flops, 1e-6);
        Assert.Equal(plain.One("attention_decode").Flops + 2e3 - (3 * 100), packed.One("attention_decode").Flops, 1e-6);
        Assert.Equal(plain.One("attention_decode").KvReadBytes / 4, packed.One("attention_decode").KvReadBytes, 1e-6);
    }

    [Fact]
    public void A_speculative_round_is_k_draft_steps_and_one_check_of_k_plus_one_tokens()
    {
        ModelArchitecture draft = Sample.Model(
            "draft", 512, 32000, Sample.Repeat(2, Sample.Attention(8, 8, 64), new DenseFeedForward { IntermediateSize = 1024 }));
        EstimateRequest request = Sample.Request(Sample.Llama2, batch: 2, input: 99, output: 2);
        SpeculativeSpec spec = new() { Draft = draft, DraftTokens = 3, AcceptanceRate = 0.5 };
        EstimateReport report = _model.Estimate(request with { Speculative = spec });

        // (1 - 0.5^4) / (1 - 0.5) = 1.875 tokens a round.
        Assert.Equal(1.875, spec.ExpectedTokens);
        PhaseEstimate round = report.Decode!;
        Assert.Equal(2d * 4 * 2 * 4096 * 12288, round.One("qkv_projection").Flops);

        // Four queries of a sequence with 99 cached tokens: 100 + 101 + 102 + 103 pairs; its 103 keys are read once.
        Assert.Equal(2d * 406 * 2 * 8192, round.One("attention_decode").Flops);
        Assert.Equal(2d * 103 * 8192 * 2, round.One("attention_decode").KvReadBytes);
        double draftStep = _model.Decode(request with { Architecture = draft }).LatencySeconds;
        Assert.Equal(3 * draftStep, round.Totals.DraftSeconds, 1e-15);
        Assert.Equal(round.LatencySeconds / 1.875, report.Metrics.TimePerOutputTokenSeconds, 1e-15);
        double draftPrefill = _model.Prefill(request with { Architecture = draft }).LatencySeconds;
        Assert.Equal(_model.Prefill(request).LatencySeconds + draftPrefill, report.Metrics.TimeToFirstTokenSeconds, 1e-15);
    }

    [Fact]
    public void A_model_that_drafts_for_itself_holds_its_heads_and_no_second_table()
    {
        ModelArchitecture plain = Sample.Model(
            "target", 512, 32000, Sample.Repeat(4, Sample.Attention(8, 8, 64), new DenseFeedForward { IntermediateSize = 1024 }));
        ModelArchitecture target = plain with { PredictionHeads = new() { Count = 1, Layers = [plain.Layers[^1]] } };
        EstimateRequest request = Sample.Request(target, batch: 2, input: 99, output: 2);
        SpeculativeSpec spec = new() { Draft = target.PredictionHeads.AsDraft(target), DraftTokens = 1, AcceptanceRate = 0.8 };
        EstimateReport alone = _model.Estimate(request), drafting = _model.Estimate(request with { Speculative = spec });

        // A layer, the projection of two hidden states to one, and the norms, in two bytes each; its cache beside the model's.
        long layer = (4L * 512 * 512) + (3 * 512 * 1024) + (2 * 512);
        long head = layer + (2 * 512 * 512) + (3 * 512);
        Assert.Equal(head, target.PredictionHeads.Parameters(target));
        Assert.Equal(alone.Memory!.WeightBytes + (2 * head), drafting.Memory!.WeightBytes, 1e-6);
        Assert.Equal(alone.Memory.KvCacheBytes * 5 / 4, drafting.Memory.KvCacheBytes, 1e-6);

        // Table and LM head are read in every drafting step all the same.
        PhaseEstimate step = _model.Decode(request with { Architecture = spec.Draft });
        Assert.Equal(2d * 2 * 32000 * 512, step.One("lm_head").Flops, 1e-3);
        Assert.Equal(2d * 32000 * 512, step.One("lm_head").WeightBytes, 1e-3);
    }

    [Fact]
    public void Looking_up_n_grams_costs_no_draft()
    {
        EstimateRequest request = Sample.Request(Sample.Llama2, output: 50) with
        {
            Speculative = new() { DraftTokens = 4, AcceptanceRate = 1 },
        };
        PhaseEstimate round = _model.Decode(request);
        Assert.Equal(0, round.Totals.DraftSeconds);
        Assert.Equal(5, round.Totals.TokensPerStep);
    }

    [Fact]
    public void A_CPU_computes_with_the_cores_and_vectors_in_use()
    {
        Device cpu = Sample.Device with
        {
            Kind = "cpu",
            MemoryBandwidth = 300e9,
            Cpu = new()
            {
                Cores = 64,
                ClockHz = 2e9,
                SimdBits = 512,
                FmaPerCycle = 2,
                NumaNodes = 2,
                PerCoreBandwidth = 10e9,
                NumaLinkBandwidth = 60e9,
            },
        };

        // 8 cores x 2 GHz x 8 lanes x 2 x 2 FMA = 512 GFLOP/s; 8 cores draw 80 GB/s of one node's 150.
        Device eight = EffectiveDevice.For(cpu, new() { Cores = 8, SimdBits = 256 });
        Assert.Equal(512e9, eight.PeakFor(MathFormat.Fp32));
        Assert.Equal(80e9, eight.MemoryBandwidth);

        // All cores: both nodes' 300 GB/s where memory is local; 2 x 60 x 2/1 = 240 interleaved; on one node 2 x 60 / 1 = 120 of its 150.
        Assert.Equal(300e9, EffectiveDevice.For(cpu, new()).MemoryBandwidth);
        Assert.Equal(240e9, EffectiveDevice.For(cpu, new() { Numa = NumaPolicy.Interleaved }).MemoryBandwidth);
        Assert.Equal(120e9, EffectiveDevice.For(cpu, new() { Numa = NumaPolicy.SingleNode }).MemoryBandwidth);
        Assert.Throws<InferometerException>(() => EffectiveDevice.For(cpu, new() { Cores = 65 }));
        Assert.Throws<InferometerException>(() => EffectiveDevice.For(Sample.Device, new()));
    }

    [Fact]
    public void A_cached_prefix_is_not_computed_again()
    {
        EstimateRequest request = Sample.Request(Sample.Llama2, input: 1000);
        PhaseEstimate prefill = _model.Prefill(request with { Workload = request.Workload with { CachedPrefixTokens = 900 } });
        Assert.Equal(100d * 2 * 4096 * 12288, prefill.One("qkv_projection").Flops);
        Assert.Equal(((100 * 900) + 5050d) * 2 * 8192, prefill.One("attention_prefill").Flops);
        Assert.Equal(1000d * 8192 * 2, prefill.One("attention_prefill").KvReadBytes);
    }

    [Fact]
    public void Beams_decode_together_and_read_the_shared_prompt_once()
    {
        EstimateRequest request = Sample.Request(Sample.Llama2, batch: 2, input: 100, output: 3);
        PhaseEstimate decode = _model.Decode(request with { Workload = request.Workload with { BeamWidth = 4 } });
        Assert.Equal(8d * 2 * 4096 * 12288, decode.One("qkv_projection").Flops);

        // Contexts 101 and 102: prompt 100 once, 1 and 2 own tokens for each of four beams; two requests.
        Assert.Equal(2 * (100 + (4 * 1.5)) * 8192 * 2, decode.One("attention_decode").KvReadBytes, 1e-6);
        Assert.Equal(8 * 101.5 * 2 * 8192, decode.One("attention_decode").Flops, 1e-3);
    }
}
