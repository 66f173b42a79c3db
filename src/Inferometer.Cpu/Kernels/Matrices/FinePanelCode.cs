using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Code for panels of weights rounded to 13 bits, what <see cref="FinePanel.Multiply"/> does: panel, blocks, activations, tokens, sums.
/// </summary>
/// <remarks>
/// A block's 16 vectors of weights stay in registers while its tokens pass, four at a time. Each token has two chains of eight products
/// that depend on each other, so that eight run side by side, and an instruction adds what it multiplies, for which .NET takes two.
/// </remarks>
internal static class FinePanelCode
{
    private const Gpr Panel = Gpr.Rdi, Blocks = Gpr.Rsi, X = Gpr.Rdx, Tokens = Gpr.Rcx, Sums = Gpr.R8;
    private const Gpr Count = Gpr.R9, Target = Gpr.R10;
    private const int Pairs = 16, ScaleAt = 64;

    private static readonly Zmm s_scale = new(8), s_products = new(9);

    /// <summary>The whole function.</summary>
    /// <param name="panelBlockBytes">Bytes of a block of 16 rows, whose scales come behind its weights.</param>
    public static Assembler Write(int panelBlockBytes)
    {
        Assembler code = new();
        Label next = code.Here();
        for (int pair = 0; pair < Pairs; pair++)
        {
            code.Load(Weight(pair), new(Panel, 64 * pair));
        }

        code.Load(s_scale, new(Panel, 64 * Pairs));
        code.Mov(Target, Sums);
        TokenLoop.Write(code, Tokens, Count, tokens => AddTokens(code, tokens));
        code.Add(Panel, panelBlockBytes);
        code.Sub(Blocks, 1);
        code.JumpIfNotZero(next);
        return code;
    }

    private static Zmm Weight(int pair) => new(16 + pair);

    // sums[token] += products * scale.
    private static void AddTokens(Assembler code, int tokens)
    {
        Memory At(int token, int distance) => new(X, (token * Int8Activations.WideBlockBytes32) + distance);
        Zmm Chain(int token, int pair) => new((2 * token) + (pair % 2));
        for (int chain = 0; chain < 2 * tokens; chain++)
        {
            code.Vpxord(new(chain), new(chain), new(chain));
        }

        for (int pair = 0; pair < Pairs; pair++)
        {
            for (int token = 0; token < tokens; token++)
            {
                code.Vpdpwssd(Chain(token, pair), Weight(pair), At(token, 4 * pair));
            }
        }

        // In the order of the kernel without such instructions, whose results are the same to the bit.
        for (int token = 0; token < tokens; token++)
        {
            Memory target = new(Target, 64 * token);
            Zmm sum = Chain(token, 0);
            code.Vpaddd(sum, sum, Chain(token, 1));
            code.Vcvtdq2ps(sum, sum);
            code.Vmulps(s_products, s_scale, At(token, ScaleAt));
            code.Vfmadd213ps(sum, s_products, target);
            code.Store(target, sum);
        }

        code.Add(X, tokens * Int8Activations.WideBlockBytes32);
        code.Add(Target, 64 * tokens);
    }
}
