using Inferometer.Simulation.Operators;

namespace Inferometer.Simulation.Costs;

/// <content>
/// Decode steps that repeat: operators that do not look at contexts are priced in the first step, and their shares kept. They are added up
/// in the same order in every step, so that sums are those of pricing each step by itself.
/// </content>
internal sealed partial class StepCosting
{
    private readonly PricedOperator[][] _kept = [.. layout.Classes.Select(c => new PricedOperator[c.Compiled.Length])];

    /// <summary>Prices one of several like steps.</summary>
    /// <param name="step">Its quantities.</param>
    /// <param name="isFirst">The first of them, from which the others take what they have in common.</param>
    public PhaseTotals CostRepeated(StepState step, bool isFirst)
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
                ref PricedOperator kept = ref _kept[c][i];
                if (isFirst || item.Phase == StepPhase.Decode)
                {
                    Price(step, item, count, ref kept);
                }

                if (!kept.IsActive)
                {
                    continue;
                }

                seconds += kept.Seconds;
                flops += kept.Flops;
                bytes += kept.Bytes;
                peakActivation = Math.Max(peakActivation, kept.Activation);
                computing += kept.Computing;
                moving += kept.Moving;
                communication += kept.Communication;
                messages += kept.Message;
            }

            _classSeconds[c] = seconds;
        }

        return Totals(
            step, new(flops, bytes, messages, communication, peakActivation, computing, moving), draftSeconds: 0, tokensPerStep: 1);
    }

    private static void Price(StepState step, in CompiledOperator item, double count, ref PricedOperator kept)
    {
        kept.IsActive = step.IsActive(item);
        if (!kept.IsActive)
        {
            return;
        }

        step.Variables(item, out StepVariables v);
        bool hosted = item.IsHosted;
        OperatorCost cost = hosted
            ? item.CostOfHosted(v, step.Steps, step.Pieces(item.Span))
            : item.Cost(v, step.Steps, step.Pieces(item.Span));
        bool onDevice = !hosted || !cost.OnHost;
        kept.Seconds = cost.Seconds;
        kept.Flops = count * item.Flops.At(v);
        kept.Bytes = count * item.Bytes.At(v);
        kept.Activation = item.Activations.At(v);
        kept.Computing = onDevice ? count * cost.ComputeSeconds * item.ComputeEfficiency : 0;
        kept.Moving = onDevice ? count * cost.MemorySeconds * item.MemoryEfficiency : 0;
        kept.Communication = item.HasNetwork ? count * kept.Seconds : 0;
        kept.Message = item.IsCollective ? count * item.MessageBytes(v) : 0;
    }

    private struct PricedOperator
    {
        public bool IsActive;
        public double Seconds;
        public double Flops;
        public double Bytes;
        public double Activation;
        public double Computing;
        public double Moving;
        public double Communication;
        public double Message;
    }
}
