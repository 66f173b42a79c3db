using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Code for dot products of f16 rows with one token, what <see cref="RowDots512"/> does, with the instruction that widens f16.
/// </summary>
/// <remarks>
/// Sums are added in the same order as there, so that results are the same to the bit. Tiles of several tokens in this way were slower than
/// those in a whole model (docs/benchmarks.md).
/// </remarks>
internal static class HalfRowCode
{
    private const int StepColumns = 16, RowStep = 2 * StepColumns, TokenStep = 4 * StepColumns, Line = 64;

    /// <summary>
    /// Two rows that lie apart and one token. Arguments: the rows, activations, columns, sums as [2 rows][16], of which the sixteen are to
    /// be added up.
    /// </summary>
    public static Assembler Apart()
    {
        const Gpr First = Gpr.Rdi, Second = Gpr.Rsi, X = Gpr.Rdx, Columns = Gpr.Rcx, Sums = Gpr.R8;
        const int Steps = 4;
        Assembler code = new();
        for (int sum = 0; sum < 2 * Steps; sum++)
        {
            code.Vpxord(new(sum), new(sum), new(sum));
        }

        code.Sub(Columns, Steps * StepColumns);
        code.SkipIfNegative(() =>
        {
            Label four = code.Here();
            for (int line = 0; line < Steps * RowStep; line += Line)
            {
                code.Prefetcht0(new(First, PanelScale.PrefetchBytes + line));
                code.Prefetcht0(new(Second, PanelScale.PrefetchBytes + line));
            }

            Add(code, Steps);
            code.Sub(Columns, Steps * StepColumns);
            code.JumpIfNotNegative(four);
        });
        code.Add(Columns, (Steps - 1) * StepColumns);
        code.SkipIfNegative(() =>
        {
            Label one = code.Here();
            Add(code, 1);
            code.Sub(Columns, StepColumns);
            code.JumpIfNotNegative(one);
        });
        for (int row = 0; row < 2; row++)
        {
            Zmm a = new(row * Steps), b = new((row * Steps) + 2);
            code.Vaddps(a, a, new((row * Steps) + 1));
            code.Vaddps(b, b, new((row * Steps) + 3));
            code.Vaddps(a, a, b);
            code.Store(new(Sums, 64 * row), a);
        }

        return code;

        static void Add(Assembler code, int steps)
        {
            for (int step = 0; step < steps; step++)
            {
                Zmm x = new(8 + step), first = new(12 + step), second = new(16 + step);
                code.Load(x, new(X, TokenStep * step));
                code.Vcvtph2ps(first, new Memory(First, RowStep * step));
                code.Vcvtph2ps(second, new Memory(Second, RowStep * step));
                code.Vfmadd231ps(new(step), first, x);
                code.Vfmadd231ps(new(Steps + step), second, x);
            }

            code.Add(First, RowStep * steps);
            code.Add(Second, RowStep * steps);
            code.Add(X, TokenStep * steps);
        }
    }
}
