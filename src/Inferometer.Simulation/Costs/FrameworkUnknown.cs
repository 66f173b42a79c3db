using Inferometer.Core;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <summary>The error of cost models that do not tell frameworks apart: a setting that would be ignored is refused.</summary>
internal static class FrameworkUnknown
{
    public static void Refuse(EstimateRequest request, string costModel)
    {
        if (request.Framework is not null)
        {
            throw new InferometerException(
                $"framework: '{request.Framework}' was asked for, but the cost model '{costModel}' prices operators "
                    + "alone; use 'calibrated'.");
        }
    }
}
