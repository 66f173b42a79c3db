using Inferometer.Sweeps.Spaces;

namespace Inferometer.Sweeps.Points;

/// <summary>Makes the evaluator of a space.</summary>
internal static class PointEvaluators
{
    public static IPointEvaluator For(SweepSpace space, ResultColumns columns, IPointReader reader) => space.IsSimulated
        ? new ServiceEvaluator(space, columns, reader)
        : new EstimateEvaluator(space, columns, reader);
}
