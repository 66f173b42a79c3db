using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.ClosedLoop;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Fitting;

/// <summary>A run made ready for a fit. Cases of one deployment share a plan.</summary>
internal sealed class FitCase
{
    private const double LeastDecoding = 0.85;

    public FitCase(ServingRun run, int deployment)
    {
        Run = run;
        Deployment = deployment;
        Subject = CalibrationSubject.Of(run.Request);
        Group = GroupOf(Subject);
    }

    /// <summary>Framework, network, device and format of a subject.</summary>
    public static string GroupOf(CalibrationSubject s) => string.Join('|', s.Framework.Name, s.Shape, s.Device, s.Format);

    public ServingRun Run { get; }

    /// <summary>Number of its deployment: request and framework.</summary>
    public int Deployment { get; }

    public CalibrationSubject Subject { get; }

    /// <summary>Framework, network, device and format: what residual factors are of.</summary>
    public string Group { get; }

    /// <summary>Prompts are read by other workers.</summary>
    public bool IsSeparate => Run.PromptRequest is not null;

    /// <summary>
    /// Users that decode beside each other where prompts are read by others, at the priors: nearly all, or the case is one of starved
    /// decode workers.
    /// </summary>
    public double DecodingUsers { get; private set; }

    /// <summary>Prompt workers are too slow for the decode workers, so that its times say little of either.</summary>
    public bool IsStarved => IsSeparate && DecodingUsers < LeastDecoding * Math.Min(Run.Load.Users, Room ?? Run.Load.Users);

    /// <summary>Requests there is room for; does not depend on coefficients.</summary>
    public int? Room { get; private set; }

    /// <summary>Cases of runs, deployments numbered in order of appearance.</summary>
    public static FitCase[] Of(IReadOnlyList<ServingRun> runs)
    {
        Dictionary<string, int> deployments = new(StringComparer.Ordinal);
        Dictionary<int, CalibratedPlan> plans = [];
        List<FitCase> cases = [];
        foreach (ServingRun run in runs)
        {
            CalibrationSubject s = CalibrationSubject.Of(run.Request);
            string key = string.Join('|', s.Framework.Name, s.Shape, s.Device, s.Format, run.Request.Precisions,
                run.Request.WeightScheme?.Name, run.Request.Parallelism, run.Request.Architecture.Name);
            deployments.TryAdd(key, deployments.Count);
            FitCase item = new(run, deployments[key]);
            if (!plans.TryGetValue(item.Deployment, out CalibratedPlan? plan))
            {
                plans[item.Deployment] = plan = Plan(item, Coefficients.Priors);
            }

            item.Room = ClosedLoopModel.Room(plan, run.Load);
            if (run.PromptRequest is { } prompts)
            {
                CalibratedPlan reader = Plan(prompts, item.Subject, Coefficients.Priors);
                item.DecodingUsers = ClosedLoopModel.EstimateSeparate(reader, run.PromptUsers, plan, run.Load).DecodingUsers;
            }

            cases.Add(item);
        }

        return [.. cases];
    }

    /// <summary>The plan of a case's deployment at given coefficients.</summary>
    public static CalibratedPlan Plan(FitCase item, Coefficients coefficients) => Plan(item.Run.Request, item.Subject, coefficients);

    /// <summary>The plan of a deployment at given coefficients.</summary>
    public static CalibratedPlan Plan(EstimateRequest request, CalibrationSubject subject, Coefficients coefficients) => new(
        "calibrated", request, new CalibrationMatch
        {
            Subject = subject,
            Coefficients = coefficients,
            Familiarity = Familiarity.Fitted,
            Runs = 0,
            Bands = [.. Enum.GetValues<CalibratedMetric>().Select(m => new CalibrationBand(Familiarity.Fitted, m, 0, 1, 1, 1, 1))],
        });
}
