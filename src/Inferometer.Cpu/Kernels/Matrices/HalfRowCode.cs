using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Code for dot products of f16 rows with tokens, what <see cref="RowDots512"/> does, with the instruction that widens f16.
/// </summary>
/// <remarks>Sums are added in the same order as there, so that results are the same to the bit.</remarks>
internal static class HalfRowCode
{
    private const int StepColumns = 16, RowStep = 2 * StepColumns, TokenStep = 4 * StepColumns, Line = 64;

    /// <summary>
    /// A tile of consecutive rows. Arguments: first row, bytes from row to row, activations as [tokens][columns], columns, where to
    /// prefetch, sums as [tokens][rows][16], of which the sixteen are to be added up.
    /// </summary>
    /// <param name="rows">2 to 4.</param>
    /// <param name="tokens">2, 4 or 8; times <paramref name="rows"/> at most 24.</param>
    public static byte[] Tile(int rows, int tokens)
    {
        const Gpr Weights = Gpr.Rdi, RowBytes = Gpr.Rsi, X = Gpr.Rdx, Columns = Gpr.Rcx, Next = Gpr.R8, Sums = Gpr.R9;
        const Gpr TokenBytes = Gpr.Rax, ThreeTokens = Gpr.R10, Free = Gpr.R11;
        Zmm Sum(int row, int token) => new((token * rows) + row);
        Zmm Weight(int row) => new(24 + row);
        Assembler code = new();
        for (int sum = 0; sum < rows * tokens; sum++)
        {
            code.Vpxord(new(sum), new(sum), new(sum));
        }

        code.Mov(TokenBytes, Columns);
        code.Shl(TokenBytes, 2);
        code.Lea(ThreeTokens, new(TokenBytes, 0, TokenBytes, 2));
        if (tokens > 4)
        {
            code.Lea(Free, new(X, 0, TokenBytes, 4));
        }
        else if (rows > 3)
        {
            code.Lea(Free, new(RowBytes, 0, RowBytes, 2));
        }

        code.Sub(Columns, StepColumns);
        code.SkipIfNegative(() =>
        {
            Label step = code.Here();
            int bytes = rows * RowStep;
            for (int line = 0; line < bytes; line += Line)
            {
                code.Prefetcht1(new(Next, line));
            }

            code.Add(Next, bytes);
            for (int row = 0; row < rows; row++)
            {
                code.Vcvtph2ps(Weight(row), At(Weights, Weights, RowBytes, Free, row));
            }

            for (int token = 0; token < tokens; token++)
            {
                Zmm x = new(28 + (token % 4));
                code.Load(x, At(X, Free, TokenBytes, ThreeTokens, token));
                for (int row = 0; row < rows; row++)
                {
                    code.Vfmadd231ps(Sum(row, token), Weight(row), x);
                }
            }

            code.Add(Weights, RowStep);
            code.Add(X, TokenStep);
            if (tokens > 4)
            {
                code.Add(Free, TokenStep);
            }

            code.Sub(Columns, StepColumns);
            code.JumpIfNotNegative(step);
        });
        for (int sum = 0; sum < rows * tokens; sum++)
        {
            code.Store(new(Sums, 64 * sum), new(sum));
        }

        code.Return();
        return code.ToArray();
    }

    /// <summary>
    /// Two rows that lie apart and one token. Arguments: the rows, activations, columns, sums as [2 rows][16], of which the sixteen are to
    /// be added up.
    /// </summary>
    public static byte[] Apart()
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

        code.Return();
        return code.ToArray();

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

    // Numbers 0 to 3 from the first address, of which the third takes another register, and 4 to 7 from the one behind them.
    private static Memory At(Gpr first, Gpr fourth, Gpr stride, Gpr threeStrides, int number)
    {
        Gpr from = number < 4 ? first : fourth;
        return (number % 4) switch
        {
            0 => new(from, 0),
            1 => new(from, 0, stride, 1),
            2 => new(from, 0, stride, 2),
            _ => new(from, 0, threeStrides, 1),
        };
    }
}
