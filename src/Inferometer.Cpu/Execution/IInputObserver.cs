namespace Inferometer.Cpu.Execution;

/// <summary>Sees what weights are multiplied with while steps run: what importance matrices are collected from.</summary>
public interface IInputObserver
{
    /// <summary>Called for each projection of a step but the LM head, from the thread that runs the step, after its
    /// multiplication.</summary>
    /// <param name="weight">Name of the weight as GGUF files have it.</param>
    /// <param name="expert">Which expert of the weight; 0 where there are none.</param>
    /// <param name="experts">Experts of the weight; 1 where there are none.</param>
    /// <param name="inputs">Inputs, [rows][columns].</param>
    /// <param name="columns">Inputs of a row.</param>
    void Observe(string weight, int expert, int experts, ReadOnlySpan<float> inputs, int columns);
}
