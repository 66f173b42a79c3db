using Inferometer.Reports.Estimates;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Results;
using Inferometer.Simulation.Serving;

namespace Inferometer.Reports.Serving;

/// <summary>The line above the page of a service: what is deployed, in the words of an estimate's, and what is asked of it.</summary>
public static class ServiceTitle
{
    /// <summary><c>Llama-3.1-8B on 4 x H100_SXM, bf16, TP 2, 2 replicas: 10 requests/s (poisson), ...</c>.</summary>
    /// <param name="config">The deployment of a replica as it was said.</param>
    /// <param name="plan">The same, prepared.</param>
    /// <param name="load">How many devices and replicas there are.</param>
    /// <param name="traffic">What is asked.</param>
    public static string Of(SimulationConfig config, ICostPlan plan, ServiceLoad load, string traffic)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(load);
        var named = SettingMeasures.Named(
            config, plan.Request.Architecture.Name, SettingMeasures.SystemOf(load.Devices, plan.Request.System.Name));
        string deployment = SettingMeasures.Describe([named], SettingMeasures.Short(FormatReport.Of(plan)), ofService: true);

        // Ranks that share no experts are replicas too; the degree of data parallelism is named already.
        int ranks = plan.Request.Parallelism.AttentionDataParallel ? 1 : plan.Request.Parallelism.Data;
        int replicas = load.Replicas / ranks;
        return $"{deployment}{(replicas > 1 ? $", {replicas} replicas" : "")}: {traffic}";
    }
}
