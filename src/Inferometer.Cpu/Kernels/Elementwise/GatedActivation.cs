using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Inferometer.Core.Models;

namespace Inferometer.Cpu.Kernels.Elementwise;

/// <summary>The middle of a gated feed-forward layer: y = f(gate) * up.</summary>
public static class GatedActivation
{
    private const float SqrtTwoOverPi = 0.7978845608f;
    private const float GeluCubic = 0.044715f; // Hendrycks and Gimpel 2016, tanh approximation

    /// <summary>SwiGLU: f(x) = x / (1 + e^-x). All three as long as gate; y may be gate or up.</summary>
    public static void Silu(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y) => ElementLoop.Run<SiluOperation>(gate, up, y);

    /// <summary>GeGLU with the tanh approximation: f(x) = x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).</summary>
    public static void GeluTanh(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y) =>
        ElementLoop.Run<GeluTanhOperation>(gate, up, y);

    /// <summary>GeGLU, exact: f(x) = x/2 (1 + erf(x / sqrt 2)), erf within 1.5e-7.</summary>
    public static void GeluErf(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y) =>
        ElementLoop.Run<GeluErfOperation>(gate, up, y);

    /// <summary>The middle of a gated layer for an activation; all three as long as gate, y may be gate or up.</summary>
    /// <exception cref="NotSupportedException">The activation has learned slopes and no gated form.</exception>
    public static void Apply(ActivationKind activation, ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y)
    {
        switch (activation)
        {
            case ActivationKind.Silu:
                ElementLoop.Run<SiluOperation>(gate, up, y);
                break;
            case ActivationKind.GeluTanh:
                ElementLoop.Run<GeluTanhOperation>(gate, up, y);
                break;
            case ActivationKind.Gelu:
                ElementLoop.Run<GeluErfOperation>(gate, up, y);
                break;
            case ActivationKind.Relu:
                ElementLoop.Run<ReluOperation>(gate, up, y);
                break;
            case ActivationKind.ReluSquared:
                ElementLoop.Run<ReluSquaredOperation>(gate, up, y);
                break;
            case ActivationKind.SwigluOss:
                ElementLoop.Run<SwigluOssOperation>(gate, up, y);
                break;
            default:
                throw new NotSupportedException($"no gated network has the activation {activation}");
        }
    }

    internal readonly struct SiluOperation : IElementOperation
    {
        public static float Invoke(float x, float y) => x / (1 + MathF.Exp(-x)) * y;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<float> Invoke(Vector128<float> x, Vector128<float> y) => x / (Vector128<float>.One + VectorExp.Exp(-x)) * y;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Invoke(Vector256<float> x, Vector256<float> y) => x / (Vector256<float>.One + VectorExp.Exp(-x)) * y;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Invoke(Vector512<float> x, Vector512<float> y) => x / (Vector512<float>.One + VectorExp.Exp(-x)) * y;
    }

    /// <summary>x/2 (1 + tanh u) = x / (1 + e^-2u).</summary>
    internal readonly struct GeluTanhOperation : IElementOperation
    {
        public static float Invoke(float x, float y) => x / (1 + MathF.Exp(-2 * SqrtTwoOverPi * x * (1 + GeluCubic * x * x))) * y;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<float> Invoke(Vector128<float> x, Vector128<float> y)
        {
            Vector128<float> u = x * (-2 * SqrtTwoOverPi) * (Vector128<float>.One + x * x * GeluCubic);
            return x / (Vector128<float>.One + VectorExp.Exp(u)) * y;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Invoke(Vector256<float> x, Vector256<float> y)
        {
            Vector256<float> u = x * (-2 * SqrtTwoOverPi) * (Vector256<float>.One + x * x * GeluCubic);
            return x / (Vector256<float>.One + VectorExp.Exp(u)) * y;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Invoke(Vector512<float> x, Vector512<float> y)
        {
            Vector512<float> u = x * (-2 * SqrtTwoOverPi) * (Vector512<float>.One + x * x * GeluCubic);
            return x / (Vector512<float>.One + VectorExp.Exp(u)) * y;
        }
    }

    /// <summary>erf by Abramowitz and Stegun 7.1.26: 1 - (a1 t + ... + a5 t^5) e^(-z^2), t = 1 / (1 + p z), z = |x| / sqrt 2.</summary>
    internal readonly struct GeluErfOperation : IElementOperation
    {
        private const float P = 0.3275911f, A1 = 0.254829592f, A2 = -0.284496736f, A3 = 1.421413741f, A4 = -1.453152027f, A5 = 1.061405429f;
        private const float InverseSqrtTwo = 0.7071067812f;

        public static float Invoke(float x, float y)
        {
            float z = MathF.Abs(x) * InverseSqrtTwo;
            float t = 1 / (1 + P * z);
            float tail = ((((A5 * t + A4) * t + A3) * t + A2) * t + A1) * t * MathF.Exp(-z * z);
            return 0.5f * x * (x < 0 ? tail : 2 - tail) * y;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<float> Invoke(Vector128<float> x, Vector128<float> y)
        {
            Vector128<float> z = Vector128.Abs(x) * InverseSqrtTwo;
            Vector128<float> t = Vector128<float>.One / (Vector128<float>.One + z * P);
            Vector128<float> p =
                ((((t * A5 + Vector128.Create(A4)) * t + Vector128.Create(A3)) * t + Vector128.Create(A2)) * t + Vector128.Create(A1)) * t;
            Vector128<float> tail = p * VectorExp.Exp(-(z * z));
            return x * 0.5f * Vector128.ConditionalSelect(
                Vector128.LessThan(x, Vector128<float>.Zero), tail, Vector128.Create(2f) - tail) * y;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Invoke(Vector256<float> x, Vector256<float> y)
        {
            Vector256<float> z = Vector256.Abs(x) * InverseSqrtTwo;
            Vector256<float> t = Vector256<float>.One / (Vector256<float>.One + z * P);
            Vector256<float> p =
                ((((t * A5 + Vector256.Create(A4)) * t + Vector256.Create(A3)) * t + Vector256.Create(A2)) * t + Vector256.Create(A1)) * t;
            Vector256<float> tail = p * VectorExp.Exp(-(z * z));
            return x * 0.5f * Vector256.ConditionalSelect(
                Vector256.LessThan(x, Vector256<float>.Zero), tail, Vector256.Create(2f) - tail) * y;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Invoke(Vector512<float> x, Vector512<float> y)
        {
            Vector512<float> z = Vector512.Abs(x) * InverseSqrtTwo;
            Vector512<float> t = Vector512<float>.One / (Vector512<float>.One + z * P);
            Vector512<float> p =
                ((((t * A5 + Vector512.Create(A4)) * t + Vector512.Create(A3)) * t + Vector512.Create(A2)) * t + Vector512.Create(A1)) * t;
            Vector512<float> tail = p * VectorExp.Exp(-(z * z));
            return x * 0.5f * Vector512.ConditionalSelect(
                Vector512.LessThan(x, Vector512<float>.Zero), tail, Vector512.Create(2f) - tail) * y;
        }
    }

    internal readonly struct ReluOperation : IElementOperation
    {
        public static float Invoke(float x, float y) => MathF.Max(x, 0) * y;

        public static Vector128<float> Invoke(Vector128<float> x, Vector128<float> y) => Vector128.Max(x, Vector128<float>.Zero) * y;

        public static Vector256<float> Invoke(Vector256<float> x, Vector256<float> y) => Vector256.Max(x, Vector256<float>.Zero) * y;

        public static Vector512<float> Invoke(Vector512<float> x, Vector512<float> y) => Vector512.Max(x, Vector512<float>.Zero) * y;
    }

    internal readonly struct ReluSquaredOperation : IElementOperation
    {
        public static float Invoke(float x, float y) => MathF.Max(x, 0) * MathF.Max(x, 0) * y;

        public static Vector128<float> Invoke(Vector128<float> x, Vector128<float> y) =>
            Vector128.Max(x, Vector128<float>.Zero) * Vector128.Max(x, Vector128<float>.Zero) * y;

        public static Vector256<float> Invoke(Vector256<float> x, Vector256<float> y) =>
            Vector256.Max(x, Vector256<float>.Zero) * Vector256.Max(x, Vector256<float>.Zero) * y;

        public static Vector512<float> Invoke(Vector512<float> x, Vector512<float> y) =>
            Vector512.Max(x, Vector512<float>.Zero) * Vector512.Max(x, Vector512<float>.Zero) * y;
    }

    /// <summary>gpt-oss: the gate cut from above, the other branch from both sides, at 7; (y + 1) x / (1 + e^-1.702x).</summary>
    internal readonly struct SwigluOssOperation : IElementOperation
    {
        private const float Limit = 7, Slope = 1.702f;

        public static float Invoke(float x, float y)
        {
            float gate = MathF.Min(x, Limit);
            return gate / (1 + MathF.Exp(-Slope * gate)) * (Math.Clamp(y, -Limit, Limit) + 1);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<float> Invoke(Vector128<float> x, Vector128<float> y)
        {
            Vector128<float> gate = Vector128.Min(x, Vector128.Create(Limit));
            Vector128<float> up = Vector128.Max(Vector128.Min(y, Vector128.Create(Limit)), Vector128.Create(-Limit));
            return gate / (Vector128<float>.One + VectorExp.Exp(gate * -Slope)) * (up + Vector128<float>.One);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Invoke(Vector256<float> x, Vector256<float> y)
        {
            Vector256<float> gate = Vector256.Min(x, Vector256.Create(Limit));
            Vector256<float> up = Vector256.Max(Vector256.Min(y, Vector256.Create(Limit)), Vector256.Create(-Limit));
            return gate / (Vector256<float>.One + VectorExp.Exp(gate * -Slope)) * (up + Vector256<float>.One);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Invoke(Vector512<float> x, Vector512<float> y)
        {
            Vector512<float> gate = Vector512.Min(x, Vector512.Create(Limit));
            Vector512<float> up = Vector512.Max(Vector512.Min(y, Vector512.Create(Limit)), Vector512.Create(-Limit));
            return gate / (Vector512<float>.One + VectorExp.Exp(gate * -Slope)) * (up + Vector512<float>.One);
        }
    }
}
