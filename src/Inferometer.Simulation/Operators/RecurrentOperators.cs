using Inferometer.Core.Models;
using Inferometer.Core.Weights;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Operators;

/// <summary>
/// Mixers with a fixed state per sequence. The state is kept in 32-bit floats and passes through memory once per
/// sequence and step, in prefill too (chunked kernels keep it on the chip between chunks); FLOPs are those of the recurrence itself.
/// </summary>
internal static class RecurrentOperators
{
    public static void Add(OperatorList list, GatedDeltaMixer mixer)
    {
        int hidden = list.Profile.Architecture.HiddenSize;
        (double keyHeads, double valueHeads) = Heads(mixer, list.Profile.Tensor);
        double keys = keyHeads * mixer.KeyHeadDim;
        double values = valueHeads * mixer.ValueHeadDim;
        double projected = (2 * keys) + (2 * values) + (2 * valueHeads);
        list.Matrix("delta_in_projection", OperatorGroup.AttentionProjection, WeightKind.RecurrentInput, hidden, projected);
        list.Adapters("lora_qkv", LoraTargets.QueryKeyValue, hidden, projected);
        Convolution(list, (2 * keys) + values, mixer.ConvolutionTaps, bias: false);

        // Per value head with state S [dk, dv]: decay S, k'S, outer-product update, q'S = (1 + 2 + 2 + 2) dk dv.
        double state = valueHeads * mixer.KeyHeadDim * mixer.ValueHeadDim;
        Recurrence(list, "delta_rule", 7 * state, state, (2 * keys) + values + (2 * valueHeads), values, 2 * valueHeads);
        list.Elementwise("gated_norm", OperatorGroup.Norms, 6 * values, 2 * values, values, mixer.ValueHeadDim);
        list.Matrix("output_projection", OperatorGroup.AttentionProjection, WeightKind.RecurrentOutput, values, hidden);
        list.Adapters("lora_output", LoraTargets.Output, values, hidden);
    }

    public static void Add(OperatorList list, MambaMixer mixer)
    {
        int hidden = list.Profile.Architecture.HiddenSize;
        double heads = DeploymentProfile.Part(mixer.Heads, list.Profile.Tensor);
        double groups = DeploymentProfile.Part(mixer.Groups, list.Profile.Tensor);
        double inner = heads * mixer.HeadDim;
        double shared = 2 * groups * mixer.StateSize;
        double projected = (2 * inner) + shared + heads;
        list.Matrix(
            "mamba_in_projection",
            OperatorGroup.AttentionProjection,
            WeightKind.RecurrentInput,
            hidden,
            projected,
            mixer.ProjectionBias ? projected : 0);
        list.Adapters("lora_qkv", LoraTargets.QueryKeyValue, hidden, projected);
        Convolution(list, inner + shared, mixer.ConvolutionTaps, mixer.ConvolutionBias);

        // Per channel and state element: decay, (dt x) B added, C h: 1 + 2 + 2.
        double state = inner * mixer.StateSize;
        Recurrence(list, "state_space_scan", 5 * state, state, inner + shared + heads, inner, 3 * heads);
        double gate = (mixer.GatedNorm ? 6 : 2) * inner;
        list.Elementwise("gated_norm", OperatorGroup.Norms, gate, 2 * inner, inner, mixer.GatedNorm ? inner : 0);
        list.Matrix(
            "output_projection",
            OperatorGroup.AttentionProjection,
            WeightKind.RecurrentOutput,
            inner,
            hidden,
            mixer.ProjectionBias ? hidden : 0);
        list.Adapters("lora_output", LoraTargets.Output, inner, hidden);
    }

    /// <summary>
    /// A recurrence described by its sizes: matrices split as each says; convolution and state shared out with the heads.
    /// </summary>
    public static void Add(OperatorList list, RecurrentMixer mixer)
    {
        int tensor = list.Profile.Tensor;
        double share = Share(mixer, tensor);
        double fed = 0;
        foreach (RecurrentProjection matrix in mixer.Projections)
        {
            double inputs = matrix.Split == ProjectionSplit.Inputs ? matrix.Inputs * share : matrix.Inputs;
            double outputs = matrix.Split == ProjectionSplit.Outputs ? matrix.Outputs * share : matrix.Outputs;
            WeightKind kind = matrix.Split == ProjectionSplit.Inputs ? WeightKind.RecurrentOutput : WeightKind.RecurrentInput;
            list.Matrix(matrix.Name, OperatorGroup.AttentionProjection, kind, inputs, outputs, matrix.Bias ? outputs : 0);
            LoraTargets target = matrix.Split == ProjectionSplit.Inputs ? LoraTargets.Output : LoraTargets.QueryKeyValue;
            list.Adapters("lora_" + matrix.Name, target, inputs, outputs);
            fed = Math.Max(fed, outputs);
        }

        if (mixer.ConvolutionTaps > 0)
        {
            Convolution(list, mixer.ConvolutionChannels * share, mixer.ConvolutionTaps, mixer.ConvolutionBias);
        }

        double state = mixer.StateElements * share;
        if (state > 0 || mixer.ElementParameters > 0)
        {
            Recurrence(list, "recurrence", mixer.FlopsPerStateElement * state, state, fed, fed, mixer.ElementParameters * share);
        }
    }

    /// <summary>Bytes of state one sequence keeps in one layer on one device.</summary>
    public static double StateBytes(TokenMixer? mixer, DeploymentProfile profile)
    {
        switch (mixer)
        {
            case RecurrentMixer recurrence:
                double share = Share(recurrence, profile.Tensor);
                return (recurrence.StateElements * share * sizeof(float))
                    + (recurrence.ConvolutionChannels * share * Math.Max(0, recurrence.ConvolutionTaps - 1) * profile.ActivationBytes);
            case GatedDeltaMixer delta:
                (double keyHeads, double valueHeads) = Heads(delta, profile.Tensor);
                double channels = (2 * keyHeads * delta.KeyHeadDim) + (valueHeads * delta.ValueHeadDim);
                return (valueHeads * delta.KeyHeadDim * delta.ValueHeadDim * sizeof(float))
                    + (channels * (delta.ConvolutionTaps - 1) * profile.ActivationBytes);
            case MambaMixer mamba:
                double inner = DeploymentProfile.Part(mamba.Heads, profile.Tensor) * mamba.HeadDim;
                double shared = 2.0 * DeploymentProfile.Part(mamba.Groups, profile.Tensor) * mamba.StateSize;
                return (inner * mamba.StateSize * sizeof(float))
                    + ((inner + shared) * (mamba.ConvolutionTaps - 1) * profile.ActivationBytes);
            default:
                return 0;
        }
    }

    // Of the device with the most heads.
    private static double Share(RecurrentMixer mixer, int tensor) => (double)DeploymentProfile.Part(mixer.Heads, tensor) / mixer.Heads;

    private static (double Keys, double Values) Heads(GatedDeltaMixer mixer, int tensor) =>
        (DeploymentProfile.Part(mixer.KeyHeads, tensor), DeploymentProfile.Part(mixer.ValueHeads, tensor));

    private static void Convolution(OperatorList list, double channels, int taps, bool bias)
    {
        double parameters = channels * (taps + (bias ? 1 : 0));
        double history = channels * (taps - 1) * list.Activation;
        list.Add(new()
        {
            Name = "causal_convolution",
            Group = OperatorGroup.Attention,
            Flops = new() { PerToken = 2 * channels * taps },
            Weights = new() { Fixed = list.Bytes(WeightKind.Convolution, parameters) },
            KvRead = new() { PerSequence = history },
            KvWrite = new() { PerSequence = history },
            ActivationRead = new() { PerToken = channels * list.Activation },
            ActivationWrite = new() { PerToken = channels * list.Activation },
            ResidentBytes = list.Bytes(WeightKind.Convolution, parameters),
            ResidentElements = parameters,
            Part = WeightPart.Attention,
        });
    }

    private static void Recurrence(
        OperatorList list, string name, double flops, double state, double inputs, double outputs, double parameters) => list.Add(new()
        {
            Name = name,
            Group = OperatorGroup.Attention,
            Rate = RateClass.Attention,
            Flops = new() { PerToken = flops },
            Weights = new() { Fixed = list.Bytes(WeightKind.Vector, parameters) },
            KvRead = new() { PerSequence = state * sizeof(float) },
            KvWrite = new() { PerSequence = state * sizeof(float) },
            ActivationRead = new() { PerToken = inputs * list.Activation },
            ActivationWrite = new() { PerToken = outputs * list.Activation },
            ResidentBytes = list.Bytes(WeightKind.Vector, parameters),
            ResidentElements = parameters,
            Part = WeightPart.Norms,
        });
}
