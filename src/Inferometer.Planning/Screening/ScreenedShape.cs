using Inferometer.Planning.Deployments;

namespace Inferometer.Planning.Screening;

/// <summary>What became of the deployments of one shape.</summary>
/// <param name="shape">The shape.</param>
/// <param name="deployments">Deployments of it: limits of steps, prompts with the others and apart.</param>
internal sealed class ScreenedShape(DeploymentShape shape, int deployments)
{
    /// <summary>The shape.</summary>
    public DeploymentShape Shape => shape;

    /// <summary>Deployments of it.</summary>
    public int Deployments => deployments;

    /// <summary>What passed.</summary>
    public List<Candidate> Candidates { get; } = [];

    /// <summary>What did not, each with how many deployments it speaks for.</summary>
    public List<(Rejection Rejection, int Count)> Rejections { get; } = [];

    /// <summary>Its points at loads from one request on.</summary>
    public List<ParetoPoint> Points { get; } = [];

    /// <summary>Notes why some deployments did not pass.</summary>
    public void Reject(Rejection rejection, int count) => Rejections.Add((rejection, count));

    /// <summary>None of it passes.</summary>
    public ScreenedShape RejectAll(Rejection rejection)
    {
        Reject(rejection, deployments);
        return this;
    }
}
