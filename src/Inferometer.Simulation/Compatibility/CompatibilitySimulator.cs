using Inferometer.Core;

namespace Inferometer.Simulation.Compatibility;

/// <summary>
/// Reproduces what a public simulator computes for a phase, its faults included; see docs/compatibility.md before trusting a
/// figure. Stateless; safe to share between threads.
/// </summary>
public sealed class CompatibilitySimulator
{
    private readonly CompatibilityDialect _dialect;

    /// <summary>Creates the simulator of <paramref name="dialect"/>.</summary>
    public CompatibilitySimulator(CompatibilityDialect dialect)
    {
        ArgumentNullException.ThrowIfNull(dialect);
        _dialect = dialect;
    }

    /// <summary>A batch of whole prompts.</summary>
    /// <exception cref="InferometerException">An input is out of range, the model has layers this cost model does not know, or it does not
    /// fit.</exception>
    public CompatibilityResult Prefill(CompatibilitySetup setup, int batch, int inputTokens)
    {
        Check(setup, wholeModel: true);
        Require(nameof(batch), batch, 1);
        Require(nameof(inputTokens), inputTokens, 1);
        List<GraphNode> graph = PrefillGraph.Build(Shard(setup), setup.Deployment.MicroBatch(batch), inputTokens);
        PhaseEfficiency efficiency = Efficiency(setup, setup.Hardware.Calibration?.Prefill);
        DeviceMemory memory = FitMemory(setup, graph, chunked: false);
        List<CompatibilityOperator> operators = Price(setup, graph, memory.BytesPerSecond, efficiency);
        CompatibilityResult result = Result(operators, memory);
        double latencyMs = result.LatencyMs + (efficiency.LaunchMs * result.ExpandedOperatorCount);
        double throughput = 1000 * batch / latencyMs;
        return result with { LatencyMs = latencyMs, Throughput = throughput, TokensPerSecond = throughput * inputTokens };
    }

    /// <summary>One output token of a batch.</summary>
    /// <param name="setup">What runs where.</param>
    /// <param name="batch">Sequences.</param>
    /// <param name="inputTokens">Prompt length.</param>
    /// <param name="outputTokens">Length of the answer.</param>
    /// <param name="beams">Beams of each sequence; the upstream default of four is not repeated here.</param>
    /// <exception cref="InferometerException">An input is out of range, the model has layers this cost model does not know, or it does not
    /// fit.</exception>
    public CompatibilityResult Decode(CompatibilitySetup setup, int batch, int inputTokens, int outputTokens, int beams = 1)
    {
        Check(setup, wholeModel: true);
        Require(nameof(batch), batch, 1);
        Require(nameof(inputTokens), inputTokens, 1);
        Require(nameof(outputTokens), outputTokens, 0);
        Require(nameof(beams), beams, 1);
        ModelShard shard = Shard(setup);
        int sequences = setup.Deployment.MicroBatch(batch);
        List<GraphNode> full = DecodeGraph.Build(shard, sequences, beams, inputTokens, outputTokens);
        PhaseEfficiency efficiency = Efficiency(setup, setup.Hardware.Calibration?.Decode);
        DeviceMemory memory = FitMemory(setup, full, chunked: false);
        List<CompatibilityOperator> PriceAt(List<GraphNode> graph) => Price(setup, graph, memory.BytesPerSecond, efficiency);

        bool averages = _dialect.AveragesDecode && outputTokens > 1;
        CompatibilityResult result = Result(
            PriceAt(averages ? DecodeGraph.Build(shard, sequences, beams, inputTokens, generated: 1) : full), memory);
        double latencyMs = result.LatencyMs;
        if (averages)
        {
            long lastContext = (long)inputTokens + outputTokens;
            List<CompatibilityOperator> last = PriceAt(DecodeGraph.Build(shard, sequences, beams, lastContext, generated: 1));
            latencyMs = (latencyMs + CompatibilityTotals.Of(last).LatencySumMs) / 2;
        }

        latencyMs += efficiency.LaunchMs * result.ExpandedOperatorCount;
        latencyMs += efficiency.StreamMsPerLayer * setup.Model.Layers * (batch - 1);
        latencyMs = CpuDecodeFloor.Apply(_dialect, setup, memory.Capacity, latencyMs);
        double throughput = 1000 * batch / latencyMs;
        return result with { LatencyMs = latencyMs, Throughput = throughput, TokensPerSecond = throughput };
    }

    /// <summary>One step of prefill chunks and decoding sequences. Window and latent attention are taken as plain attention.</summary>
    /// <exception cref="InferometerException">An input is out of range, the step is empty, or it does not fit.</exception>
    public CompatibilityResult Chunked(
        CompatibilitySetup setup, IReadOnlyList<CompatibilityChunk> chunks, IReadOnlyList<CompatibilityDecodeEntry> decodes)
    {
        ArgumentNullException.ThrowIfNull(chunks);
        ArgumentNullException.ThrowIfNull(decodes);
        Check(setup, wholeModel: false);
        Require("number of chunks and decode entries", chunks.Count + decodes.Count, 1);
        foreach (CompatibilityChunk chunk in chunks)
        {
            Require("tokens of a chunk", chunk.Tokens, 1);
            Require("past tokens of a chunk", chunk.PastTokens, 0);
        }

        List<GraphNode> graph = ChunkedGraph.Build(Shard(setup), batch: 1, chunks, decodes);
        DeviceMemory memory = FitMemory(setup, graph, chunked: true);
        CompatibilityResult result = Result(Price(setup, graph, memory.BytesPerSecond, Efficiency(setup, null)), memory);
        double throughput = 1000 * (chunks.Sum(c => c.Tokens) + decodes.Count) / result.LatencyMs;
        return result with { Throughput = throughput, TokensPerSecond = throughput };
    }

    /// <summary>One round of speculative decoding: a draft model proposes, the full model verifies all candidates in one pass.</summary>
    /// <param name="setup">What runs where; <see cref="CompatibilitySetup.Model"/> is the full model.</param>
    /// <param name="draft">The draft model, on the same devices.</param>
    /// <param name="batch">Sequences.</param>
    /// <param name="inputTokens">Prompt length.</param>
    /// <param name="outputTokens">Length of the answer; the round is costed at its end.</param>
    /// <param name="speculation">Candidates and their acceptance.</param>
    /// <exception cref="InferometerException">An input is out of range, or a model has layers this cost model does not know.</exception>
    public CompatibilityResult SpeculativeDecode(
        CompatibilitySetup setup,
        CompatibilityModel draft,
        int batch,
        int inputTokens,
        int outputTokens,
        CompatibilitySpeculation speculation)
    {
        ArgumentNullException.ThrowIfNull(draft);
        CompatibilitySetup draftSetup = (setup ?? throw new ArgumentNullException(nameof(setup))) with { Model = draft };
        Check(setup, wholeModel: false);
        Check(draftSetup, wholeModel: true);
        Require(nameof(batch), batch, 1);
        Require(nameof(inputTokens), inputTokens, 1);
        Require(nameof(outputTokens), outputTokens, 0);
        double tokens = ExpectedTokens.PerRound(speculation.Candidates, speculation.Acceptance);

        int sequences = setup.Deployment.MicroBatch(batch);
        double bandwidth = setup.Hardware.MemoryBytesPerSecond;
        PhaseEfficiency efficiency = Efficiency(setup, null);
        CompatibilityChunk candidates = new((long)inputTokens + outputTokens, speculation.Candidates);
        CompatibilityResult verify = Result(
            Price(setup, ChunkedGraph.Build(Shard(setup), sequences, [candidates], []), bandwidth, efficiency), memory: null);
        List<GraphNode> draftStep = DecodeGraph.Build(Shard(draftSetup), sequences, beams: 1, inputTokens, outputTokens);
        CompatibilityTotals draftTotals = CompatibilityTotals.Of(Price(draftSetup, draftStep, bandwidth, efficiency));

        double roundMs = verify.LatencyMs + (speculation.Candidates * draftTotals.LatencySumMs);
        int microBatches = batch / sequences;
        double latencyMs = roundMs + ((microBatches - 1) * roundMs / setup.Deployment.PipelineParallel);
        double throughput = 1000 * tokens * batch / latencyMs;
        return verify with
        {
            LatencyMs = latencyMs,
            Throughput = throughput,
            TokensPerSecond = throughput,
            Totals = verify.Totals.Plus(draftTotals),
            TokensPerRound = tokens,
        };
    }

    private ModelShard Shard(CompatibilitySetup setup) => new(setup.Model, _dialect, setup.Deployment);

    private PhaseEfficiency Efficiency(CompatibilitySetup setup, CompatibilityPhaseCalibration? calibration) =>
        PhaseEfficiency.Of(_dialect, setup.Hardware, setup.Deployment.SystemEfficiency, calibration);

    private List<CompatibilityOperator> Price(
        CompatibilitySetup setup, List<GraphNode> graph, double memoryBytesPerSecond, PhaseEfficiency efficiency)
    {
        DeviceRates rates = DeviceRates.Of(_dialect, setup.Hardware, setup.Deployment, memoryBytesPerSecond, efficiency);
        return graph.ConvertAll(node => OperatorPricer.Price(node, _dialect, rates));
    }

    private DeviceMemory FitMemory(CompatibilitySetup setup, List<GraphNode> graph, bool chunked)
    {
        CompatibilityPrecision precision = _dialect.Precisions.Find(setup.Deployment.Bits, _dialect.Name);
        CompatibilityCapacity capacity = GraphCapacity.Of(graph, precision, _dialect.CapacityDivisor(setup.Deployment, chunked));
        return DeviceMemory.Of(_dialect, setup, capacity);
    }

    private CompatibilityResult Result(List<CompatibilityOperator> operators, DeviceMemory? memory)
    {
        CompatibilityTotals totals = CompatibilityTotals.Of(operators);
        return new CompatibilityResult
        {
            CostModel = _dialect.Name,
            LatencyMs = totals.LatencySumMs,
            Throughput = 0,
            TokensPerSecond = 0,
            IsOffloaded = memory?.IsOffloaded ?? false,
            Totals = totals,
            Breakdown = CompatibilityBreakdown.Of(operators),
            Capacity = memory?.Capacity,
            Operators = operators,
        };
    }

    private void Check(CompatibilitySetup setup, bool wholeModel)
    {
        ArgumentNullException.ThrowIfNull(setup);
        setup.Validate();
        if (!wholeModel)
        {
            return;
        }

        if (setup.Model.HasOtherLayerKinds)
        {
            throw new InferometerException(
                $"The cost model '{_dialect.Name}' cannot cost prefill or decode of '{setup.Model.Name}': its layers differ from each "
                    + "other or hold a recurrence. Use 'roofline'.");
        }

        if (setup.Model.LatentAttention is not null && !_dialect.HasLatentAttention)
        {
            throw new InferometerException(
                $"The cost model '{_dialect.Name}' has no latent attention, which '{setup.Model.Name}' uses. Use 'bud' or 'roofline'.");
        }
    }

    private static void Require(string name, long value, long least)
    {
        if (value < least)
        {
            throw new InferometerException(FormattableString.Invariant($"The {name} is {value}; it must be at least {least}."));
        }
    }
}
