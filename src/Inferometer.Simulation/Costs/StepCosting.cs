using System.Runtime.InteropServices;
using Inferometer.Simulation.Operators;

namespace Inferometer.Simulation.Costs;

/// <summary>
/// Adds up the operators of a step into stages and the stages into a latency; each is priced once, whether its row is wanted or not.
/// </summary>
internal sealed partial class StepCosting(DeploymentProfile profile, PipelineLayout layout)
{
    private readonly double[] _classSeconds = new double[layout.Classes.Length];

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
        double computing = 0;
        double moving = 0;
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
                bool hosted = item.IsHosted;
                OperatorCost cost = hosted
                    ? item.CostOfHosted(v, step.Steps, step.Pieces(item.Span))
                    : item.Cost(v, step.Steps, step.Pieces(item.Span));
                double time = cost.Seconds;
                seconds += time;
                flops += count * item.Flops.At(v);
                bytes += count * item.Bytes.At(v);
                peakActivation = Math.Max(peakActivation, item.Activations.At(v));
                if (!hosted || !cost.OnHost)
                {
                    computing += count * cost.ComputeSeconds * item.ComputeEfficiency;
                    moving += count * cost.MemorySeconds * item.MemoryEfficiency;
                }

                if (item.HasNetwork)
                {
                    communication += count * time;
                    messages += item.IsCollective ? count * item.MessageBytes(v) : 0;
                }

                rows?.Add(Row(layout.Classes[c], i, count, v, cost));
            }

            _classSeconds[c] = seconds;
        }

        return Totals(
            step, new(flops, bytes, messages, communication, peakActivation, computing, moving), draftSeconds, tokensPerStep);
    }

    private PhaseTotals Totals(StepState step, in StepWork work, double draftSeconds, double tokensPerStep)
    {
        (double latency, double drain, double serial) = Pipeline(step);
        double devices = layout.Stages * latency;
        double flopUtilization = work.Computing / devices;
        double bandwidthUtilization = work.Moving / devices;
        return new()
        {
            LatencySeconds = latency + draftSeconds,
            DrainSeconds = drain,
            DraftSeconds = draftSeconds,
            TokensPerStep = tokensPerStep,
            SerialSeconds = serial,
            CommunicationSeconds = work.Communication,
            Flops = work.Flops,
            MemoryBytes = work.Bytes,
            CollectiveBytes = work.Messages,
            PeakActivationBytes = PeakActivation(step, work.PeakActivation),
            FlopUtilization = flopUtilization,
            BandwidthUtilization = bandwidthUtilization,
            DeviceWatts = profile.Request.Power.Watts(profile.Device.TdpWatts, flopUtilization, bandwidthUtilization),
        };
    }

    /// <summary>Most that the activations of one of the step's operators take beside the residual stream, bytes. Prices nothing.</summary>
    /// <param name="step">The step.</param>
    /// <param name="limit">Most tokens that are computed at once; 0 = any number, negative = as the request has it.</param>
    public double PeakActivationBytes(StepState step, int limit = -1)
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

        return PeakActivation(step, peak, limit);
    }

    /// <summary>
    /// With m micro-batches and stage times t: a step of prompts alone fills and drains the pipeline, in sum(t) + (m - 1) max(t), of which
    /// the last sum(t) - max(t) are the next step's filling; where a framework has no more than p micro-batches of prompts under way,
    /// max(t) is sum(t) / p at least, and steps that decode drain too, as tokens of all sequences are chosen before the next one. Elsewhere
    /// decode steps follow each other without a drain, and so do those that read prompts beside: a micro-batch's next step starts when it
    /// has passed all stages and the slowest stage has served the others, after max(sum(t), m max(t)).
    /// </summary>
    private (double Latency, double Drain, double Serial) Pipeline(StepState step)
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

        double m = step.MicroBatches;
        int pieces = profile.PipelinePieces;
        if (pieces > 0)
        {
            slowest = Math.Max(slowest, sum / pieces);
            return (sum + ((m - 1) * slowest), step.Decodes ? 0 : sum - slowest, m * sum);
        }

        return step.Decodes
            ? (Math.Max(sum, m * slowest), 0, m * sum)
            : (sum + ((m - 1) * slowest), sum - slowest, m * sum);
    }

    private double PeakActivation(StepState step, double operatorBytes, int most = -1)
    {
        double residual = step.Tokens * profile.Architecture.HiddenSize * profile.ActivationBytes;
        int limit = most < 0 ? profile.Request.MaxStepTokens : most;
        double share = limit > 0 ? Math.Min(1, limit / step.Tokens) : 1;
        return share * (operatorBytes + residual);
    }

    // Where the last pass through a pipeline is smaller than the others, a row is of the mean one.
    private OperatorRow Row(LayerClass part, int index, double count, in StepVariables v, in OperatorCost cost)
    {
        OperatorTemplate item = part.Templates[index];
        ref readonly CompiledOperator compiled = ref part.Compiled[index];
        int passes = (int)Math.Ceiling(count);
        double mean = count / passes;
        return new()
        {
            Name = item.Name,
            LayerClass = part.Index,
            Group = item.Group,
            Count = passes,
            Flops = mean * item.Flops.At(v),
            WeightBytes = mean * item.Weights.At(v),
            KvReadBytes = mean * item.KvRead.At(v),
            KvWriteBytes = mean * item.KvWrite.At(v),
            ActivationReadBytes = mean * item.ActivationRead.At(v),
            ActivationWriteBytes = mean * item.ActivationWrite.At(v),
            CollectiveBytes = mean * item.Message.At(v),
            Seconds = mean * cost.Seconds,
            ComputeSeconds = mean * cost.ComputeSeconds,
            MemorySeconds = mean * cost.MemorySeconds,
            OffloadSeconds = mean * cost.LinkSeconds,
            NetworkSeconds = mean * cost.NetworkSeconds,
            Bound = cost.Bound,
            FlopUtilization = Share(cost.ComputeSeconds * compiled.ComputeEfficiency, cost.Seconds),
            BandwidthUtilization = Share(cost.MemorySeconds * compiled.MemoryEfficiency, cost.Seconds),
        };
    }

    /// <summary>Sums over the operators of a step; <c>Computing</c> and <c>Moving</c> are seconds of the device's peak rates.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct StepWork(
        double Flops, double Bytes, double Messages, double Communication, double PeakActivation, double Computing, double Moving);

    private static double Share(double done, double possible) => possible > 0 ? done / possible : 0;
}
