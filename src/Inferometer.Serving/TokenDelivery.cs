using System.Runtime.InteropServices;

namespace Inferometer.Serving;

/// <summary>Tokens of one request that came together: one, or what a round of speculative decoding gave.</summary>
/// <param name="Seconds">When, on the scheduler's clock.</param>
/// <param name="Tokens">How many, at least 1.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct TokenDelivery(double Seconds, int Tokens);
