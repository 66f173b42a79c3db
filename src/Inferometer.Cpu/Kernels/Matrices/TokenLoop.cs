using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>The loop over tokens in emitted kernels.</summary>
internal static class TokenLoop
{
    /// <summary>Tokens of one round, as long as there are so many.</summary>
    public const int Together = 4;

    /// <summary>Writes a loop that takes tokens, one or more, four at a time and what is left one by one.</summary>
    /// <param name="code">Where the loop is written to.</param>
    /// <param name="tokens">Holds their number, and keeps it.</param>
    /// <param name="count">Free for the loop.</param>
    /// <param name="body">Writes what is done with so many tokens, steps to the next ones included.</param>
    public static void Write(Assembler code, Gpr tokens, Gpr count, Action<int> body)
    {
        code.Mov(count, tokens);
        code.Sub(count, Together);
        code.SkipIfNegative(() =>
        {
            Label together = code.Here();
            body(Together);
            code.Sub(count, Together);
            code.JumpIfNotNegative(together);
        });
        code.Add(count, Together);
        code.SkipIfZero(() =>
        {
            Label one = code.Here();
            body(1);
            code.Sub(count, 1);
            code.JumpIfNotZero(one);
        });
    }
}
