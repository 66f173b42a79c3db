using System.Runtime.InteropServices;

namespace Inferometer.Runners;

/// <summary>What a runner holds, beside its cache.</summary>
/// <param name="WeightBytes">Weights, each matrix once.</param>
/// <param name="ActivationBytes">Intermediate rows; grows to the largest step.</param>
/// <param name="ScratchBytes">Working memory of its kernels; grows to the largest step.</param>
/// <param name="OutputBytes">Logits and hidden states of a step; grows to the largest step.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct RunnerMemory(long WeightBytes, long ActivationBytes, long ScratchBytes, long OutputBytes);
