using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Tests.Costs;

/// <summary>Layers and experts that the host keeps and computes, and unequal devices.</summary>
public class HostTests
{
    private static readonly Device Processor = Sample.Device with
    {
        Name = "processor",
        Kind = "cpu",
        PeakOperationsPerSecond = new Dictionary<MathFormat, double> { [MathFormat.Fp32] = 1e12 },
        MemoryBytes = 100e9,
        MemoryBandwidth = 50e9,
    };

    private readonly RooflineCostModel _model = new();

    [Fact]
    public void A_layer_on_the_host_runs_at_the_hosts_bandwidth_and_its_weights_and_cache_lie_there()
    {
        EstimateRequest request = Sample.Request(Sample.Llama2, output: 2, input: 99);
        EstimateRequest split = request with { Host = new() { Device = Processor, GpuLayers = 23 } };
        PhaseEstimate decode = _model.Decode(split);

        // 22 layers and the output on the device: ten for the host.
        OperatorRow[] gateUp = [.. decode.Named("gate_up_projection")];
        Assert.Equal([10, 22], gateUp.Select(row => row.Count));
        double bytes = (4096d * 22016 * 2) + ((4096d + 22016) * 2);
        Assert.Equal(bytes / 50e9, gateUp[0].Seconds, 1e-12);
        Assert.Equal(OperatorBound.Host, gateUp[0].Bound);
        Assert.Equal(bytes / 1e12, gateUp[1].Seconds, 1e-12);
        Assert.Equal((4096 * 2 / 50e9) + DeploymentProfile.HostLatencySeconds, decode.One("activations_from_host").Seconds, 1e-12);

        MemoryTotals whole = Pricing.Plan(request).MemoryAt(new(1, 99, 2)), use = Pricing.Plan(split).MemoryAt(new(1, 99, 2));
        Assert.Equal(whole.WeightBytes + whole.KvCacheBytes, use.WeightBytes + use.KvCacheBytes + use.OffloadedBytes, 1);
        Assert.Equal(whole.KvCacheBytes * 22 / 32, use.KvCacheBytes, 1);
    }

    [Fact]
    public void More_layers_on_the_device_are_never_slower_and_all_of_them_are_as_fast_as_without_a_host()
    {
        EstimateRequest request = Sample.Request(Sample.Llama2, output: 20, input: 500);
        double[] seconds = [.. Enumerable.Range(0, 34).Select(n => _model.Decode(
            request with { Host = new() { Device = Processor, GpuLayers = n } }).LatencySeconds)];
        Assert.Equal(seconds.OrderDescending(), seconds);

        // The table of the embedding stays with the host.
        double crossing = (4096 * 2 / 50e9) + DeploymentProfile.HostLatencySeconds;
        Assert.Equal(_model.Decode(request).LatencySeconds + crossing, seconds[33], 2e-6);
    }

    [Fact]
    public void Long_prompts_are_computed_on_the_device_with_weights_brought_over()
    {
        EstimateRequest request = Sample.Request(Sample.Llama2, input: 2000) with { Host = new() { Device = Processor, GpuLayers = 0 } };
        OperatorRow row = _model.Prefill(request).One("gate_up_projection");
        double upload = 4096d * 22016 * 2 / 50e9;
        Assert.Equal((2000d * 2 * 4096 * 22016 / 100e12) + upload, row.Seconds, 1e-9);
        Assert.Equal(upload, row.OffloadSeconds, 1e-12);

        // An engine that takes the prompt in four steps brings them over four times.
        OperatorRow steps = _model.Prefill(request with { MaxStepTokens = 512 }).One("gate_up_projection");
        Assert.Equal(row.Seconds + (3 * upload), steps.Seconds, 1e-9);

        // A few tokens are not worth the way.
        Assert.Equal(OperatorBound.Host, _model.Prefill(Sample.Request(Sample.Llama2, input: 31) with { Host = request.Host })
            .One("gate_up_projection").Bound);
    }

    [Fact]
    public void Experts_on_the_host_leave_attention_and_cache_to_the_device()
    {
        EstimateRequest request = Sample.Request(Sample.Mixtral, output: 2, input: 99);
        EstimateRequest split = request with { Host = new() { Device = Processor, ExpertLayers = 12 } };
        PhaseEstimate decode = _model.Decode(split);
        Assert.Equal([12, 20], decode.Named("expert_down").Select(row => row.Count));
        Assert.All(decode.Named("qkv_projection"), row => Assert.NotEqual(OperatorBound.Host, row.Bound));
        Assert.Equal(12, decode.One("activations_to_host").Count);
        MemoryTotals whole = Pricing.Plan(request).MemoryAt(new(1, 99, 2)), use = Pricing.Plan(split).MemoryAt(new(1, 99, 2));
        Assert.Equal(12d * 8 * 3 * 4096 * 14336 * 2, use.OffloadedBytes, 1);
        Assert.Equal(whole.KvCacheBytes, use.KvCacheBytes, 1);
        Assert.Equal(whole.WeightBytes - use.OffloadedBytes, use.WeightBytes, 1);
    }

    [Fact]
    public void The_hosts_memory_is_counted_too()
    {
        EstimateRequest request = Sample.Request(Sample.Mixtral) with { Host = new() { Device = Processor, GpuLayers = 0 } };
        Assert.True(Pricing.Plan(request).MemoryAt(new(1, 99, 2)).Fits);
        MemoryTotals use = Pricing.Plan(request with { Host = new() { Device = Processor with { MemoryBytes = 50e9 }, GpuLayers = 0 } })
            .MemoryAt(new(1, 99, 2));
        Assert.True(use is { Fits: false, HostCapacityBytes: 50e9 } && use.TotalBytes <= use.CapacityBytes);
    }

    [Fact]
    public void What_cannot_be_is_refused()
    {
        EstimateRequest request = Sample.Request(Sample.Llama2);
        Refused(request with { Host = new() { Device = Processor, ExpertLayers = 1 } }, "no experts");
        Refused(request with { Host = new() { Device = Sample.Device, GpuLayers = 1 } }, "not a processor");
        Refused(
            request with { Host = new() { Device = Processor, GpuLayers = 1 }, Parallelism = new(Tensor: 2) }, "pipeline parallelism only");
        Refused(
            request with
            {
                Host = new() { Device = Processor, GpuLayers = 1 },
                System = Sample.System with { Device = Sample.Device with { HostLinkBandwidth = 0 } },
            },
            "no host link");
        Refused(request with { MemoryUtilization = 0 }, "memory utilization");
    }

    [Fact]
    public void Unequal_devices_share_the_layers_by_their_memory_and_run_one_after_the_other()
    {
        Device small = Sample.Device with { Name = "small", MemoryBytes = 40e9, MemoryBandwidth = 0.5e12, PricePerHourUsd = 1 };
        HardwareSystem both = HardwareSystem.Mixed([Sample.System, Sample.System with { Name = "small", Device = small }]);
        EstimateRequest request = Sample.Request(Sample.Llama2, output: 2, input: 99) with
        {
            System = both,
            Parallelism = new(Pipeline: 2),
        };
        PhaseEstimate decode = _model.Decode(request);

        // 33 pieces, the output layer the last, in proportion 80 to 40: 22 and 11.
        Assert.Equal([22, 10], decode.Named("gate_up_projection").Select(row => row.Count));
        double bytes = (4096d * 22016 * 2) + ((4096d + 22016) * 2);
        Assert.Equal([bytes / 1e12, bytes / 0.5e12], decode.Named("gate_up_projection").Select(row => row.Seconds), Close);
        Assert.Equal(decode.Operators.Sum(row => row.TotalSeconds), decode.LatencySeconds, 1e-12);
        Assert.Equal("round+small", both.Name);
        Assert.Equal(1.5, both.Device.PricePerHourUsd);
        MemoryTotals use = Pricing.Plan(request).MemoryAt(new(1, 99, 2));
        Assert.Equal(40e9, use.CapacityBytes);
        Refused(request with { Parallelism = new(Tensor: 2, Pipeline: 2) }, "unequal devices");

        static bool Close(double a, double b) => Math.Abs(a - b) < 1e-12;
    }

    [Fact]
    public void Names_with_a_plus_are_unequal_devices()
    {
        HardwareSystem system = HardwareCatalog.BuiltIn.Resolve("rtx5090+rtx3090");
        Assert.Equal(["RTX_5090", "RTX_3090"], system.Devices.Select(d => d.Name));
        Assert.Equal(32e9, system.IntraNode.Bandwidth);
        Assert.Throws<InferometerException>(() => HardwareCatalog.BuiltIn.Resolve("rtx5090+no-such-card"));
    }

    [Fact]
    public void Offloaded_data_crosses_the_link_at_its_real_rate()
    {
        EstimateRequest request = Sample.Request(Sample.Llama2, output: 2) with
        {
            System = Sample.System with { Device = Sample.Device with { Efficiency = Sample.Device.Efficiency with { Link = 0.8 } } },
            Offload = new() { WeightShare = 1 },
        };
        Assert.Equal(4096d * 22016 * 2 / 40e9, _model.Decode(request).One("gate_up_projection").Seconds, 1e-12);
    }

    private static void Refused(EstimateRequest request, string because) =>
        Assert.Contains(because, Assert.Throws<InferometerException>(() => Pricing.Plan(request)).Message, StringComparison.Ordinal);
}
