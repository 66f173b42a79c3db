using Inferometer.Core.Models;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.ModelFiles.Layouts;

/// <summary>Matrices of experts that families fuse, stack or transpose. They become [experts, outputs, inputs].</summary>
internal static class FusedExperts
{
    /// <summary>Granite: stacked, the gate's rows above those of the up-projection.</summary>
    public static IReadOnlyList<PackedWeight> GateAboveUp(FusedTensor tensor) =>
        GateAboveUp(tensor, "block_sparse_moe.experts.gate_proj", "block_sparse_moe.experts.up_proj");

    /// <summary>Newer GGUF files, in the same order.</summary>
    public static IReadOnlyList<PackedWeight> GateAboveUpOfGguf(FusedTensor tensor) =>
        GateAboveUp(tensor, "ffn_gate_exps", "ffn_up_exps");

    /// <summary>Gemma 4.</summary>
    public static IReadOnlyList<PackedWeight> GateAboveUpOfGemma(FusedTensor tensor) =>
        GateAboveUp(tensor, "experts.gate_proj", "experts.up_proj");

    /// <summary>Gemma 4's down-projections, stacked.</summary>
    public static IReadOnlyList<PackedWeight> DownOfGemma(FusedTensor tensor) => tensor.Layer.FeedForward is MoeFeedForward
        ? [tensor.Renamed("experts.down_proj.weight", tensor.Tensor.Shape)]
        : [];

    /// <summary>Llama 4: stacked [experts, inputs, outputs], the gate's outputs before those of the up-projection.</summary>
    public static IReadOnlyList<PackedWeight> GateThenUp(FusedTensor tensor)
    {
        if (tensor.Layer.FeedForward is not MoeFeedForward moe)
        {
            return [];
        }

        long inner = moe.ExpertIntermediateSize, hidden = tensor.Model.HiddenSize;
        PackedWeight Half(string name, long first) => new GatheredElements(
            tensor.Tensor, $"{tensor.Prefix}.feed_forward.experts.{name}.weight", [moe.Experts, inner, hidden],
            (row, column) => (((row / inner * hidden) + column) * 2 * inner) + first + (row % inner));
        return tensor.Tensor.ElementCount == 2 * inner * hidden * moe.Experts
            ? [Half("gate_proj", 0), Half("up_proj", inner)]
            : throw tensor.Wrong($"{moe.Experts} experts of 2 x {inner} outputs and {hidden} inputs");
    }

    /// <summary>Llama 4's down-projections, [experts, inputs, outputs].</summary>
    public static IReadOnlyList<PackedWeight> DownTurned(FusedTensor tensor)
    {
        if (tensor.Layer.FeedForward is not MoeFeedForward moe)
        {
            return [];
        }

        long inner = moe.ExpertIntermediateSize, hidden = tensor.Model.HiddenSize;
        return tensor.Tensor.ElementCount == inner * hidden * moe.Experts
            ?
            [
                new GatheredElements(
                    tensor.Tensor, $"{tensor.Prefix}.feed_forward.experts.down_proj.weight", [moe.Experts, hidden, inner],
                    (row, column) => (((row / hidden * inner) + column) * hidden) + (row % hidden)),
            ]
            : throw tensor.Wrong($"{moe.Experts} experts of {hidden} outputs and {inner} inputs");
    }

    private static IReadOnlyList<PackedWeight> GateAboveUp(FusedTensor tensor, string gate, string up)
    {
        if (tensor.Layer.FeedForward is not MoeFeedForward moe)
        {
            return [];
        }

        long inner = moe.ExpertIntermediateSize, columns = tensor.Tensor.Columns;
        tensor.RequireOutputs(2 * inner * moe.Experts);
        PackedWeight Half(string name, long first) => new GatheredRows(
            tensor.Tensor, $"{tensor.Prefix}.{name}.weight", [moe.Experts, inner, columns],
            row => (row / inner * 2 * inner) + first + (row % inner));
        return [Half(gate, 0), Half(up, inner)];
    }

    /// <summary>Granite's stacked down-projections.</summary>
    public static IReadOnlyList<PackedWeight> Down(FusedTensor tensor) => tensor.Layer.FeedForward is MoeFeedForward
        ? [tensor.Renamed("block_sparse_moe.experts.down_proj.weight", tensor.Tensor.Shape)]
        : [];

    /// <summary>Granite's shared expert, fused in the same way.</summary>
    public static IReadOnlyList<PackedWeight> SharedGateAboveUp(FusedTensor tensor)
    {
        long inner = tensor.Outputs / 2;
        return
        [
            tensor.Part("shared_mlp.gate_proj", inner, row => row),
            tensor.Part("shared_mlp.up_proj", inner, row => inner + row),
        ];
    }

    /// <summary>
    /// gpt-oss (others as Granite, under another name): outputs are gate and up in turn. Microscaled ones are stacked [experts, outputs,
    /// inputs], others [experts, inputs, outputs].
    /// </summary>
    public static IReadOnlyList<PackedWeight> GateBesideUp(FusedTensor tensor)
    {
        if (!IsGptOss(tensor, out MoeFeedForward moe))
        {
            return GateAboveUp(tensor, "mlp.experts.gate_proj", "mlp.experts.up_proj");
        }

        long inner = moe.ExpertIntermediateSize, hidden = tensor.Model.HiddenSize;
        PackedWeight Every(string name, long first)
        {
            string full = $"{tensor.Prefix}.mlp.experts.{name}.weight";
            return IsMicroscaled(tensor)
                ? new GatheredRows(tensor.Tensor, full, [moe.Experts, inner, hidden], row => (2 * row) + first)
                : new GatheredElements(
                    tensor.Tensor, full, [moe.Experts, inner, hidden],
                    (row, column) => (((row / inner * hidden) + column) * 2 * inner) + (2 * (row % inner)) + first);
        }

        return tensor.Tensor.ElementCount == 2 * inner * hidden * moe.Experts
            ? [Every("gate_proj", 0), Every("up_proj", 1)]
            : throw tensor.Wrong($"{moe.Experts} experts of 2 x {inner} outputs and {hidden} inputs");
    }

    /// <summary>Their biases, [experts, 2 x inner], in turn as well.</summary>
    public static IReadOnlyList<PackedWeight> GateBesideUpBias(FusedTensor tensor)
    {
        if (!IsGptOss(tensor, out MoeFeedForward moe))
        {
            return [];
        }

        long inner = moe.ExpertIntermediateSize;
        tensor.RequireOutputs(moe.Experts);
        PackedWeight Every(string name, long first) => new GatheredElements(
            tensor.Tensor, $"{tensor.Prefix}.mlp.experts.{name}.bias", [moe.Experts, inner],
            (row, column) => (row * 2 * inner) + (2 * column) + first);
        return [Every("gate_proj", 0), Every("up_proj", 1)];
    }

    /// <summary>gpt-oss: down-projections, stacked as the others.</summary>
    public static IReadOnlyList<PackedWeight> DownOfGptOss(FusedTensor tensor)
    {
        if (!IsGptOss(tensor, out MoeFeedForward moe))
        {
            return moe is null ? [] : [tensor.Renamed("mlp.experts.down_proj.weight", tensor.Tensor.Shape)];
        }

        long inner = moe.ExpertIntermediateSize, hidden = tensor.Model.HiddenSize;
        return IsMicroscaled(tensor)
            ? [tensor.Renamed("mlp.experts.down_proj.weight", tensor.Tensor.Shape)]
            :
            [
                new GatheredElements(
                    tensor.Tensor, $"{tensor.Prefix}.mlp.experts.down_proj.weight", [moe.Experts, hidden, inner],
                    (row, column) => (((row / hidden * inner) + column) * hidden) + (row % hidden)),
            ];
    }

    /// <summary>Their biases, [experts, hidden].</summary>
    public static IReadOnlyList<PackedWeight> DownBias(FusedTensor tensor) => IsGptOss(tensor, out _)
        ? [tensor.Renamed("mlp.experts.down_proj.bias", tensor.Tensor.Shape)]
        : [];

    private static bool IsGptOss(FusedTensor tensor, out MoeFeedForward moe)
    {
        moe = (tensor.Layer.FeedForward as MoeFeedForward)!;
        return tensor.Model.ModelType is "gpt_oss" && moe is not null;
    }

    private static bool IsMicroscaled(FusedTensor tensor) => tensor.Tensor.Type == Core.Gguf.GgmlType.MXFP4;
}
