using Inferometer.Planning.Demand;
using Inferometer.Serving;
using Inferometer.Simulation.Costs;

namespace Inferometer.Planning.Screening;

/// <summary>The most that one replica serves within the level, as the analytic model has it, and what binds.</summary>
/// <param name="Point">The replica at that load.</param>
/// <param name="Binding">What keeps it from more.</param>
internal sealed record Capacity(FluidPoint Point, Binding Binding)
{
    private const int Halvings = 4;

    /// <summary>The largest load that keeps every limit.</summary>
    /// <param name="model">The replica.</param>
    /// <param name="level">The limits.</param>
    /// <param name="basis">Errors to expect.</param>
    /// <param name="room">Requests that its caches hold.</param>
    /// <param name="sequences">Most sequences of a step.</param>
    /// <param name="apart">Prompts are read by other replicas.</param>
    /// <returns>Null where not even one request keeps the limits; <see cref="Fails"/> says which.</returns>
    public static Capacity? Of(ReplicaModel model, ServiceLevel level, EstimateBasis? basis, int room, int sequences, bool apart)
    {
        int most = Math.Min(room, sequences);
        if (most < 1 || Fails(model.At(1, apart), level, basis) is not null)
        {
            return null;
        }

        int low = 1, high = most;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            (low, high) = Fails(model.At(middle, apart), level, basis) is null ? (middle, high) : (low, middle - 1);
        }

        Binding binding = low < most ? Fails(model.At(low + 1, apart), level, basis)!.Value
            : room <= sequences ? Binding.KvCache
            : Binding.BatchLimit;
        return new Capacity(model.At(low < most ? Within(low) : low, apart), binding);

        // A batch is so large on average, not always: whole sequences would give away up to a user of each replica.
        double Within(double least)
        {
            double above = least + 1;
            for (int i = 0; i < Halvings; i++)
            {
                double middle = (least + above) / 2;
                (least, above) = Fails(model.At(middle, apart), level, basis) is null ? (middle, above) : (least, middle);
            }

            return least;
        }
    }

    /// <summary>The first limit that a point does not keep; null = it keeps all.</summary>
    public static Binding? Fails(in FluidPoint point, ServiceLevel level, EstimateBasis? basis)
    {
        foreach (SloLimit limit in level.Limits)
        {
            if (ValueOf(limit.Metric, point) > level.AllowedSeconds(limit, basis))
            {
                return BindingOf(limit.Metric);
            }
        }

        return null;
    }

    /// <summary>How much longer requests may take before they begin to be computed; 0 where no limit is of that.</summary>
    public double SlackSeconds(ServiceLevel level, EstimateBasis? basis)
    {
        double slack = double.PositiveInfinity;
        foreach (SloLimit limit in level.Limits)
        {
            if (limit.Metric is LatencyMetric.TimeToFirstToken or LatencyMetric.EndToEnd)
            {
                slack = Math.Min(slack, level.AllowedSeconds(limit, basis) - ValueOf(limit.Metric, Point));
            }
        }

        return double.IsFinite(slack) ? Math.Max(0, slack) : 0;
    }

    /// <summary>How many times a limit the worst of a point's times is.</summary>
    public static double Excess(in FluidPoint point, ServiceLevel level, EstimateBasis? basis)
    {
        double worst = 0;
        foreach (SloLimit limit in level.Limits)
        {
            worst = Math.Max(worst, ValueOf(limit.Metric, point) / level.AllowedSeconds(limit, basis));
        }

        return worst;
    }

    /// <summary>A time of a point.</summary>
    public static double ValueOf(LatencyMetric metric, in FluidPoint point) => metric switch
    {
        LatencyMetric.TimeToFirstToken => point.TimeToFirstToken,
        LatencyMetric.TimePerOutputToken => point.TimePerOutputToken,
        LatencyMetric.InterTokenLatency => point.StepSeconds,
        _ => point.EndToEnd,
    };

    /// <summary>The constraint that a limit is.</summary>
    public static Binding BindingOf(LatencyMetric metric) => metric switch
    {
        LatencyMetric.TimeToFirstToken => Binding.TimeToFirstToken,
        LatencyMetric.TimePerOutputToken => Binding.TimePerOutputToken,
        LatencyMetric.InterTokenLatency => Binding.InterTokenLatency,
        _ => Binding.EndToEnd,
    };
}
