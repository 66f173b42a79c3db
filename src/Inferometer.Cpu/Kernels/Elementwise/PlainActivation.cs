using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Inferometer.Core.Models;

namespace Inferometer.Cpu.Kernels.Elementwise;

/// <summary>The middle of a feed-forward layer without a gate: x = f(x).</summary>
internal static class PlainActivation
{
    /// <summary>Slope of xIELU at zero.</summary>
    internal const float XIeluSlope = 0.5f;

    private const float XIeluBorder = -1e-6f;

    /// <summary>f in place; see <see cref="GatedActivation"/> for the forms.</summary>
    /// <exception cref="NotSupportedException">The activation exists only with a gate, or has learned slopes.</exception>
    public static void Apply(ActivationKind activation, Span<float> x)
    {
        switch (activation)
        {
            case ActivationKind.Silu:
                ElementLoop.Run<Alone<GatedActivation.SiluOperation>>(x, x, x);
                break;
            case ActivationKind.GeluTanh:
                ElementLoop.Run<Alone<GatedActivation.GeluTanhOperation>>(x, x, x);
                break;
            case ActivationKind.Gelu:
                ElementLoop.Run<Alone<GatedActivation.GeluErfOperation>>(x, x, x);
                break;
            case ActivationKind.Relu:
                ElementLoop.Run<Alone<GatedActivation.ReluOperation>>(x, x, x);
                break;
            case ActivationKind.ReluSquared:
                ElementLoop.Run<Alone<GatedActivation.ReluSquaredOperation>>(x, x, x);
                break;
            default:
                throw new NotSupportedException($"no network without a gate has the activation {activation}");
        }
    }

    /// <summary>
    /// Expanded integral of ELU (arXiv:2411.13010), in place: a x^2 + x/2 above zero, (e^min(x, -1e-6) - 1 - x) b + x/2 below.
    /// </summary>
    public static void XIelu(Span<float> x, float positive, float negative)
    {
        foreach (ref float value in x)
        {
            value = value > 0
                ? ((positive * value) + XIeluSlope) * value
                : ((MathF.Exp(MathF.Min(value, XIeluBorder)) - 1 - value) * negative) + (XIeluSlope * value);
        }
    }

    /// <summary>f(x) times one.</summary>
    private readonly struct Alone<TOperation> : IElementOperation
        where TOperation : struct, IElementOperation
    {
        public static float Invoke(float x, float y) => TOperation.Invoke(x, 1);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<float> Invoke(Vector128<float> x, Vector128<float> y) => TOperation.Invoke(x, Vector128<float>.One);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Invoke(Vector256<float> x, Vector256<float> y) => TOperation.Invoke(x, Vector256<float>.One);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Invoke(Vector512<float> x, Vector512<float> y) => TOperation.Invoke(x, Vector512<float>.One);
    }
}
