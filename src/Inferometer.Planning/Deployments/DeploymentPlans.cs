using Inferometer.Simulation;
using Inferometer.Simulation.Costs;

namespace Inferometer.Planning.Deployments;

/// <summary>Makes cost plans of deployments. Thread-safe; the plans that it makes are not.</summary>
/// <param name="engine">The simulator.</param>
/// <param name="costModels">What plans can be made by.</param>
internal sealed class DeploymentPlans(SimulationEngine engine, IReadOnlyList<ICostModel> costModels)
{
    private readonly ICostModel _model = CostModels.Find(CostModels.Default, "cost model", costModels);

    /// <summary>A plan of a shape, with the framework's own limits of a step.</summary>
    public ICostPlan Of(DeploymentShape shape) => engine.Prepare(shape.ToConfig());

    /// <summary>The plan with the limits of a deployment, on which the memory of activations and sampling depends.</summary>
    public ICostPlan WithLimits(ICostPlan plan, int maxSequences, int stepTokens) =>
        _model.Prepare(plan.Request with { MaxSequences = maxSequences, MaxStepTokens = stepTokens });

    /// <summary>A plan of a deployment.</summary>
    public ICostPlan Of(Deployment deployment) => WithLimits(Of(deployment.Shape), deployment.MaxSequences, deployment.StepTokens);
}
