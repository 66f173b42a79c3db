using System.Text.Json;
using Inferometer.Core.Catalog;
using Inferometer.Core.Frameworks;
using Inferometer.Server.Wire;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Server.Simulator;

/// <summary>Reads a service to simulate: its deployment, what it is asked, and how it is run; all by the names of the options.</summary>
internal sealed class ServiceReader(EstimateReader deployments, SimulationEngine engine)
{
    /// <summary>The service that a request describes.</summary>
    /// <exception cref="ApiException">A field is missing, not known, or holds what it may not.</exception>
    public ServiceRun Read(JsonElement body)
    {
        var request = RequestFields.Of(body);
        SimulationConfig config = deployments.ReadOne(request, body);
        SettingFields fields = new(request, ServiceSettings.All);
        ICostPlan plan = EstimateReader.Refusing(() => engine.Prepare(config));
        TrafficOptions traffic = Traffic(fields, plan);
        if (traffic is { Requests: null, DurationSeconds: null })
        {
            traffic = traffic with { Requests = UsualTraffic.Requests(plan, traffic, fields.Whole("replicas") ?? 1) };
        }

        FrameworkProfile policy = fields.Word("policy") is { } name
            ? FrameworkCatalog.Schedulers.First(p => string.Equals(p.Name, name, StringComparison.Ordinal))
            : plan.Framework();
        ServingSimulationOptions options = Options(fields, policy, plan, traffic);
        request.RequireNothingElse();
        EstimateReader.Refusing(() =>
        {
            traffic.Validate();
            options.Validate();
            return true;
        });
        return new ServiceRun(traffic, plan, policy, options);
    }

    private static TrafficOptions Traffic(SettingFields fields, ICostPlan plan)
    {
        double? rate = fields.Number("rate");
        int? users = fields.Whole("users");
        if (rate is null == (users is null))
        {
            throw ApiException.Invalid(
                "rate", "Say what is asked of the service: either rate (requests a second) or users (each waits for answers).");
        }

        double? duration = fields.Number("duration");
        int? requests = fields.Whole("requests") ?? (duration is null ? null : SimulatorLimits.Requests);
        string arrivals = fields.Text("arrivals") ?? "poisson";
        ThinkTime think = SettingFields.Parsed("think", fields.Text("think") ?? "0", text => ThinkTime.Parse(text, "think"));
        (LengthDistribution input, LengthDistribution output) = (fields.Length("input")!, fields.Length("output")!);
        int prefix = fields.Whole("shared-prefix") ?? 0;
        double? ramp = fields.Number("ramp");
        if (ramp is not null && users is null)
        {
            throw ApiException.Invalid("ramp", "ramp needs users; others come when they come.");
        }

        return new TrafficOptions
        {
            RampSeconds = users is { } asking
                ? ramp ?? think.MeanSeconds
                    + EstimateReader.Refusing(() => UsualTraffic.RampSeconds(plan, asking, prefix + input.Mean, output.Mean))
                : 0,
            Process = rate is { } r ? SettingFields.Parsed("arrivals", arrivals, text => ArrivalProcess.Parse(text, r, "arrivals")) : null,
            Users = users ?? 0,
            Think = think,
            Input = input,
            Output = output,
            Turns = fields.Length("turns"),
            SharedPrefixTokens = prefix,
            SharedPrefixes = fields.Whole("shared-prefixes") ?? 1,
            Requests = requests,
            DurationSeconds = duration,
            Seed = (ulong)(fields.Whole("seed") ?? 0),
        };
    }

    private static ServingSimulationOptions Options(SettingFields fields, FrameworkProfile policy, ICostPlan plan, TrafficOptions traffic)
    {
        ServingSimulationOptions own = policy.OptionsFor(plan);
        int block = fields.Whole("block-size") ?? own.BlockSize;
        double? link = fields.Number("kv-link");
        int? prefill = fields.Whole("prefill-replicas");
        if (link is not null && prefill is null)
        {
            throw ApiException.Invalid("kv-link", "kv-link needs prefill-replicas.");
        }

        return own with
        {
            Scheduler = own.Scheduler with
            {
                MaxTokensPerStep = fields.Whole("max-num-batched-tokens") ?? own.Scheduler.MaxTokensPerStep,
                MaxSequences = fields.Whole("max-num-seqs") ?? own.Scheduler.MaxSequences,
            },
            BlockSize = block,
            BlockCount = fields.Whole("kv-tokens") is { } tokens ? Math.Max(1, tokens / block) : null,
            PrefixCaching = own.PrefixCaching && !fields.Flag("no-prefix-caching"),
            Recorder = new ServingRecorderOptions
            {
                Slo = fields.Text("slo") is { } level ? SettingFields.Parsed("slo", level, Slo.Parse) : null,
            },
            Overhead = new StepOverhead(
                (fields.Number("step-overhead") ?? 0) * 1e-3, (fields.Number("sequence-overhead") ?? 0) * 1e-6),
            Replicas = (fields.Whole("replicas") ?? 1) * own.Replicas,
            Routing = fields.Word("router") switch
            {
                "least-tokens" => RoutingPolicy.LeastTokens,
                "prefix-affine" => RoutingPolicy.PrefixAffine,
                _ => RoutingPolicy.RoundRobin,
            },
            Disaggregation = prefill is { } replicas
                ? new Disaggregation
                {
                    PrefillReplicas = replicas,
                    BandwidthBytesPerSecond = link * 1e9 ?? plan.Request.System.InterNode.Bandwidth,
                    LatencySeconds = plan.Request.System.InterNode.LatencySeconds,
                }
                : null,
            WarmUp = fields.Whole("warm-up") is { } warmUp ? new WarmUp(warmUp, 0) : WarmUp.Of(traffic),
            Seed = traffic.Seed,
        };
    }
}
