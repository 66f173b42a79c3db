using System.Runtime.InteropServices;

namespace Inferometer.Simulation.Operators;

/// <summary>A straight line over step numbers 0, 1, 2...</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct StepLine(double Start, double Slope)
{
    public double At(double step) => Start + (Slope * step);

    public double Sum(double from, double to) => (to - from) * (At(from) + At(to - 1)) / 2;

    /// <summary>Sum over steps 0 to n - 1 of the largest of three lines, exactly, in at most a few pieces.</summary>
    public static double SumOfMax(in StepLine a, in StepLine b, in StepLine c, double n)
    {
        double sum = 0;
        double step = 0;
        while (step < n)
        {
            StepLine top = Higher(Higher(a, b, step), c, step);
            double end = Math.Min(n, Math.Min(top.OvertakenBy(a, step), Math.Min(top.OvertakenBy(b, step), top.OvertakenBy(c, step))));
            sum += top.Sum(step, end);
            step = end;
        }

        return sum;
    }

    private static StepLine Higher(in StepLine a, in StepLine b, double step)
    {
        double difference = a.At(step) - b.At(step);
        return difference > 0 || (difference == 0 && a.Slope >= b.Slope) ? a : b;
    }

    /// <summary>First step after <paramref name="step"/> at which <paramref name="other"/> lies above this line.</summary>
    private double OvertakenBy(in StepLine other, double step) =>
        other.Slope <= Slope
            ? double.PositiveInfinity
            : Math.Max(step + 1, Math.Floor((Start - other.Start) / (other.Slope - Slope)) + 1);
}
