using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Code for dot products of f16 and bf16 rows with vectors of 256 bits: tiles of three rows and four tokens, whose twelve sums, three
/// weights and activations are all sixteen registers, and of four rows and one token.
/// </summary>
/// <remarks>
/// Arguments: the first row, bytes from row to row (0 repeats it), the first token's activations, columns, and the sums, [rows][tokens][8],
/// of which each eight are to be added up. The first eight bytes of the sums hold where the rows lie that are asked for meanwhile.
/// </remarks>
internal static class WidenedTileCode
{
    /// <summary>Columns of a vector: those behind the last whole one are left out.</summary>
    public const int StepColumns = 8;

    private const Gpr Rows = Gpr.Rdi, RowBytes = Gpr.Rsi, X = Gpr.Rdx, Columns = Gpr.Rcx, Sums = Gpr.R8;
    private const Gpr TokenBytes = Gpr.R9, SecondToken = Gpr.R10, Next = Gpr.R11, SecondRow = Gpr.Rax;
    private const int Steps = 4, RowStep = 2 * StepColumns, TokenStep = 4 * StepColumns, Line = 64, VectorBytes = 32;

    /// <summary>The function.</summary>
    /// <param name="rows">3 or 4.</param>
    /// <param name="tokens">1 or 4.</param>
    /// <param name="isBrain">bf16, otherwise f16.</param>
    public static Assembler Write(int rows, int tokens, bool isBrain)
    {
        Assembler code = new();
        code.Mov(Next, new Memory(Sums, 0));
        code.Mov(TokenBytes, Columns);
        code.Shl(TokenBytes, 2);
        code.Mov(SecondToken, X);
        code.Add(SecondToken, TokenBytes);
        code.Mov(SecondRow, Rows);
        code.Add(SecondRow, RowBytes);

        // One token's sums would wait for each other: every other step has its own.
        int chains = tokens == 1 ? 2 : 1, tile = rows * tokens;
        for (int sum = 0; sum < chains * tile; sum++)
        {
            code.Vpxor256(new(sum), new(sum), new(sum));
        }

        code.Sub(Columns, Steps * StepColumns);
        code.SkipIfNegative(() =>
        {
            Label four = code.Here();
            for (int row = 0; row < rows; row++)
            {
                code.Prefetcht1(new(Next, Line * row));
            }

            code.Add(Next, Line * rows);
            AddSteps(code, rows, tokens, chains, Steps, isBrain);
            code.Sub(Columns, Steps * StepColumns);
            code.JumpIfNotNegative(four);
        });
        code.Add(Columns, (Steps - 1) * StepColumns);
        code.SkipIfNegative(() =>
        {
            Label one = code.Here();
            AddSteps(code, rows, tokens, chains, 1, isBrain);
            code.Sub(Columns, StepColumns);
            code.JumpIfNotNegative(one);
        });
        for (int sum = 0; sum < tile; sum++)
        {
            if (chains == 2)
            {
                code.Vaddps256(new(sum), new(sum), new(tile + sum));
            }

            code.Store256(new(Sums, VectorBytes * sum), new Ymm(sum));
        }

        return code;
    }

    private static void AddSteps(Assembler code, int rows, int tokens, int chains, int steps, bool isBrain)
    {
        int tile = rows * tokens;
        for (int step = 0; step < steps; step++)
        {
            int first = step % chains * tile;
            Ymm Weights(int row) => new((chains * tile) + row);
            Ymm x = new((chains * tile) + rows);
            for (int row = 0; row < rows; row++)
            {
                Indexed source = Place(row, Rows, SecondRow, RowBytes, RowStep * step);
                if (isBrain)
                {
                    code.Vpmovzxwd256(Weights(row), source);
                    code.Vpslld256(Weights(row), Weights(row), 16);
                }
                else
                {
                    code.Vcvtph2ps256(Weights(row), source);
                }
            }

            for (int token = 0; token < tokens; token++)
            {
                code.Load256(x, Place(token, X, SecondToken, TokenBytes, TokenStep * step));
                for (int row = 0; row < rows; row++)
                {
                    code.Vfmadd231ps256(new(first + (row * tokens) + token), Weights(row), x);
                }
            }
        }

        code.Add(Rows, RowStep * steps);
        code.Add(SecondRow, RowStep * steps);
        code.Add(X, TokenStep * steps);
        code.Add(SecondToken, TokenStep * steps);
    }

    // Number 0 to 3 of what lies one distance apart.
    private static Indexed Place(int number, Gpr first, Gpr second, Gpr apart, int distance) => number switch
    {
        3 => new(second, apart, 2, distance),
        _ => new(first, apart, number, distance),
    };
}
