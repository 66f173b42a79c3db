using Inferometer.Simulation.Operators;

namespace Inferometer.Simulation.Costs;

/// <summary>
/// Adds up the operators of a step into stages and the stages into a latency; each is priced once, whether its row is wanted or not.
/// </summary>
internal sealed class StepCosting(DeploymentProfile profile, PipelineLayout layout)
{
    private readonly double[] _classSeconds = new double[layout.Classes.Length];
    private readonly double _peak = profile.Device.PeakFor(profile.MatrixFormat);

    /// <summary>Steps priced so far; tests see by it that nothing is priced twice.</summary>
    public int Priced { get; private set; }

    /// <summary>Prices a step; <paramref name="draftSeconds"/> is what a draft network takes beside it.</summary>
    public PhaseTotals Cost(StepState step, ICollection<OperatorRow>? rows, double draftSeconds = 0, double tokensPerStep = 1)
    {
        Priced++;
        double flops = 0;
        double bytes = 0;
        double messages = 0;
        double communication = 0;
        double peakActivation = 0;
        for (int c = 0; c < layout.Classes.Length; c++)
        {
            double seconds = 0;
            double count = layout.Totals[c] * step.MicroBatches;
            CompiledOperator[] items = count > 0 ? layout.Classes[c].Compiled : [];
            for (int i = 0; i < items.Length; i++)
            {
                ref readonly CompiledOperator item = ref items[i];
                if (!step.IsActive(item))
                {
                    continue;
                }

                step.Variables(item, out StepVariables v);
                OperatorCost cost = item.Cost(v, step.Steps, step.Pieces(item.Span));
                double time = cost.Seconds;
                seconds += time;
                flops += count * item.Flops.At(v);
                bytes += count * item.Bytes.At(v);
                peakActivation = Math.Max(peakActivation, item.Activations.At(v));
                if (item.IsCollective)
                {
                    communication += count * time;
                    messages += count * item.MessageBytes(v);
                }

                rows?.Add(Row(layout.Classes[c], i, layout.Totals[c] * step.MicroBatches, v, cost));
            }

            _classSeconds[c] = seconds;
        }

        (double latency, double serial) = Pipeline(step);
        double devices = layout.Stages * latency;
        double flopUtilization = flops / (devices * _peak);
        double bandwidthUtilization = bytes / (devices * profile.Device.MemoryBandwidth);
        return new()
        {
            LatencySeconds = latency + draftSeconds,
            DraftSeconds = draftSeconds,
            TokensPerStep = tokensPerStep,
            SerialSeconds = serial,
            CommunicationSeconds = communication,
            Flops = flops,
            MemoryBytes = bytes,
            CollectiveBytes = messages,
            PeakActivationBytes = PeakActivation(step, peakActivation),
            FlopUtilization = flopUtilization,
            BandwidthUtilization = bandwidthUtilization,
            DeviceWatts = profile.Request.Power.Watts(profile.Device.TdpWatts, flopUtilization, bandwidthUtilization),
        };
    }

    /// <summary>Most that the activations of one of the step's operators take beside the residual stream, bytes. Prices nothing.</summary>
    public double PeakActivationBytes(StepState step)
    {
        double peak = 0;
        for (int c = 0; c < layout.Classes.Length; c++)
        {
            CompiledOperator[] items = layout.Totals[c] > 0 ? layout.Classes[c].Compiled : [];
            for (int i = 0; i < items.Length; i++)
            {
                ref readonly CompiledOperator item = ref items[i];
                if (step.IsActive(item))
                {
                    step.Variables(item, out StepVariables v);
                    peak = Math.Max(peak, item.Activations.At(v));
                }
            }
        }

        return PeakActivation(step, peak);
    }

    /// <summary>
    /// With m micro-batches and stage times t: a step that fills and drains the pipeline takes sum(t) + (m - 1) max(t).
    /// Decode steps follow each other without a drain: a micro-batch's next step starts when it has passed all stages and
    /// the slowest stage has served the others, after max(sum(t), m max(t)).
    /// </summary>
    private (double Latency, double Serial) Pipeline(StepState step)
    {
        double sum = 0;
        double slowest = 0;
        for (int stage = 0; stage < layout.Stages; stage++)
        {
            ReadOnlySpan<int> counts = layout.Stage(stage);
            double time = 0;
            for (int c = 0; c < counts.Length; c++)
            {
                time += counts[c] * _classSeconds[c];
            }

            sum += time;
            slowest = Math.Max(slowest, time);
        }

        int m = step.MicroBatches;
        double latency = step.IsPureDecode ? Math.Max(sum, m * slowest) : sum + ((m - 1) * slowest);
        return (latency, m * sum);
    }

    private double PeakActivation(StepState step, double operatorBytes)
    {
        double residual = step.Tokens * profile.Architecture.HiddenSize * profile.ActivationBytes;
        int limit = profile.Request.MaxStepTokens;
        double share = limit > 0 ? Math.Min(1, limit / step.Tokens) : 1;
        return share * (operatorBytes + residual);
    }

    private OperatorRow Row(LayerClass part, int index, int count, in StepVariables v, in OperatorCost cost)
    {
        OperatorTemplate item = part.Templates[index];
        double flops = item.Flops.At(v);
        return new()
        {
            Name = item.Name,
            LayerClass = part.Index,
            Group = item.Group,
            Count = count,
            Flops = flops,
            WeightBytes = item.Weights.At(v),
            KvReadBytes = item.KvRead.At(v),
            KvWriteBytes = item.KvWrite.At(v),
            ActivationReadBytes = item.ActivationRead.At(v),
            ActivationWriteBytes = item.ActivationWrite.At(v),
            CollectiveBytes = item.Message.At(v),
            Seconds = cost.Seconds,
            ComputeSeconds = cost.ComputeSeconds,
            MemorySeconds = cost.MemorySeconds,
            OffloadSeconds = cost.LinkSeconds,
            NetworkSeconds = cost.NetworkSeconds,
            Bound = cost.Bound,
            FlopUtilization = Share(flops, cost.Seconds * profile.PeakFlops(item)),
            BandwidthUtilization = Share(part.Compiled[index].Bytes.At(v), cost.Seconds * profile.Device.MemoryBandwidth),
        };
    }

    private static double Share(double done, double possible) => possible > 0 ? done / possible : 0;
}
