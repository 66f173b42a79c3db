using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Planning.Deployments;
using Inferometer.Planning.Screening;

namespace Inferometer.Planning.Tests.Screening;

public class RejectionTests
{
    // What is too much must not read as what there is.
    [Theory]
    [InlineData(RejectionReason.Weights, 15.46e9, 15.52e9, "weights: 15.52 GB a device with activations and reserve, 15.46 GB there")]
    [InlineData(RejectionReason.Weights, 71.2e9, 71.4e9, "weights: 71.4 GB a device with activations and reserve, 71.2 GB there")]
    [InlineData(RejectionReason.Budget, 1000.4, 1000, "cost: $1,000.4 a month, $1,000.0 allowed")]
    [InlineData(RejectionReason.TimeToFirstToken, 1.00004, 1, "TTFT: 1,000.04 ms for a single user, 1,000 allowed")]
    [InlineData(RejectionReason.TimePerOutputToken, 0.0251, 0.02, "TPOT: 25.1 ms for a single user, 20 allowed")]
    [InlineData(RejectionReason.TimePerOutputToken, 0.01, 0.00001, "TPOT: 10 ms for a single user, 0.01 allowed")]
    public void Figures_have_the_digits_that_tell_them_apart(RejectionReason reason, double found, double needed, string said)
    {
        Deployment deployment = new()
        {
            Shape = new DeploymentShape
            {
                Model = "m",
                SystemName = "h100",
                System = Sample.On("h100").System,
                Framework = FrameworkCatalog.Find("vllm", "test"),
                Weights = "published",
                KvCache = "published",
                Parallelism = Parallelism.None,
            },
            MaxSequences = 64,
            StepTokens = 2048,
        };

        Assert.Equal(said, new Rejection(reason, deployment, found, needed).ToString());
    }
}
