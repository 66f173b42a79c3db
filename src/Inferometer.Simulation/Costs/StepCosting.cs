using Inferometer.Simulation.Operators;

namespace Inferometer.Simulation.Costs;

/// <summary>Adds up the operators of a step into stages and the stages into a latency.</summary>
internal sealed class StepCosting(DeploymentProfile profile, PipelineLayout layout)
{
    private readonly double[] _classSeconds = new double[layout.Classes.Length];
    private readonly double _peak = profile.Device.PeakFor(profile.MatrixFormat);

    public PhaseTotals Cost(StepState step)
    {
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
                double time = item.Cost(v, step.Steps, step.Pieces(item.Span)).Seconds;
                seconds += time;
                flops += count * item.Flops.At(v);
                bytes += count * item.Bytes.At(v);
                peakActivation = Math.Max(peakActivation, item.Activations.At(v));
                if (item.IsCollective)
                {
                    communication += count * time;
                    messages += count * item.MessageBytes(v);
                }
            }

            _classSeconds[c] = seconds;
        }

        (double latency, double serial) = Pipeline(step);
        double devices = layout.Stages * latency;
        return new()
        {
            LatencySeconds = latency,
            SerialSeconds = serial,
            CommunicationSeconds = communication,
            Flops = flops,
            MemoryBytes = bytes,
            CollectiveBytes = messages,
            PeakActivationBytes = PeakActivation(step, peakActivation),
            FlopUtilization = flops / (devices * _peak),
            BandwidthUtilization = bytes / (devices * profile.Device.MemoryBandwidth),
        };
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
}
