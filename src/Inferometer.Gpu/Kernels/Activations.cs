using ILGPU;

namespace Inferometer.Gpu.Kernels;

/// <summary>What stands between the two halves of a feed-forward network, numbered as the host's enumeration of them.</summary>
internal static class Activations
{
    /// <summary>f(gate) up; see the processor's GatedActivation for the forms.</summary>
    public static float Gated(int kind, float gate, float up)
    {
        if (kind == (int)Core.Models.ActivationKind.Silu)
        {
            return gate / (1 + DeviceMath.Exp(-gate)) * up;
        }

        if (kind == (int)Core.Models.ActivationKind.GeluTanh)
        {
            return gate / (1 + DeviceMath.Exp(-1.5957691216f * gate * (1 + (0.044715f * gate * gate)))) * up;
        }

        if (kind == (int)Core.Models.ActivationKind.Gelu)
        {
            return GeluErf(gate) * up;
        }

        if (kind == (int)Core.Models.ActivationKind.SwigluOss)
        {
            float cut = IntrinsicMath.Min(gate, 7f);
            return cut / (1 + DeviceMath.Exp(-1.702f * cut)) * (IntrinsicMath.Max(IntrinsicMath.Min(up, 7f), -7f) + 1);
        }

        float positive = IntrinsicMath.Max(gate, 0f);
        return kind == (int)Core.Models.ActivationKind.ReluSquared ? positive * positive * up : positive * up;
    }

    // erf by Abramowitz and Stegun 7.1.26.
    private static float GeluErf(float x)
    {
        float z = IntrinsicMath.Abs(x) * 0.7071067812f;
        float t = 1 / (1 + (0.3275911f * z));
        float tail = ((((((((1.061405429f * t) - 1.453152027f) * t) + 1.421413741f) * t) - 0.284496736f) * t) + 0.254829592f) * t
            * DeviceMath.Exp(-z * z);
        return 0.5f * x * (x < 0 ? tail : 2 - tail);
    }
}
