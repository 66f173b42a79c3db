using FsCheck;
using FsCheck.Fluent;
using Inferometer.Simulation.Operators;

namespace Inferometer.Simulation.Tests.Operators;

public class StepLineTests
{
    [Fact]
    public void Sum_of_the_largest_of_two_crossing_lines()
    {
        // max(10 - 2t, t): 10, 8, 6, 4, 4, 5 over t = 0..5.
        Assert.Equal(37, StepLine.SumOfMax(new(10, -2), new(0, 1), default, 6), 1e-12);
    }

    [Fact]
    public void Closed_form_equals_a_loop()
    {
        Gen<StepLine> line =
            from start in Gen.Choose(-50, 50)
            from slope in Gen.Choose(-9, 9)
            select new StepLine(start / 7.0, slope / 3.0);
        Gen<(StepLine, StepLine, StepLine, int)> cases =
            from a in line
            from b in line
            from c in line
            from n in Gen.Choose(1, 200)
            select (a, b, c, n);
        Prop.ForAll(cases.ToArbitrary(), Check).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
    }

    private static void Check((StepLine A, StepLine B, StepLine C, int N) x)
    {
        double sum = 0;
        for (int step = 0; step < x.N; step++)
        {
            sum += Math.Max(x.A.At(step), Math.Max(x.B.At(step), x.C.At(step)));
        }

        Assert.Equal(sum, StepLine.SumOfMax(x.A, x.B, x.C, x.N), 1e-9 * (1 + Math.Abs(sum) + (x.N * 600.0)));
    }
}
