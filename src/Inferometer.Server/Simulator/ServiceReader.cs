using System.Globalization;
using System.Text.Json;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Core.Frameworks;
using Inferometer.Server.Wire;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation;
using Inferometer.Simulation.ClosedLoop;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Server.Simulator;

/// <summary>Reads a service to simulate: its deployment, what it is asked, and how it is run; all by the names of the options.</summary>
internal sealed class ServiceReader(EstimateReader deployments, SimulationEngine engine)
{
    private const int DefaultRequests = 1000;

    /// <summary>The service that a request describes.</summary>
    /// <exception cref="ApiException">A field is missing, not known, or holds what it may not.</exception>
    public ServiceRun Read(JsonElement body)
    {
        var fields = RequestFields.Of(body);
        SimulationConfig config = deployments.ReadOne(fields, body);
        ICostPlan plan = EstimateReader.Refusing(() => engine.Prepare(config));
        TrafficOptions traffic = Traffic(fields, plan);
        FrameworkProfile policy = Word(fields, "policy") is { } name
            ? FrameworkCatalog.Schedulers.First(p => string.Equals(p.Name, name, StringComparison.Ordinal))
            : plan.Framework();
        ServingSimulationOptions options = Options(fields, policy, plan, traffic);
        fields.RequireNothingElse();
        EstimateReader.Refusing(() =>
        {
            traffic.Validate();
            options.Validate();
            return true;
        });
        return new ServiceRun(traffic, plan, policy, options);
    }

    private static TrafficOptions Traffic(RequestFields fields, ICostPlan plan)
    {
        double? rate = Number(fields, "rate");
        int? users = Whole(fields, "users");
        if (rate is null == (users is null))
        {
            throw ApiException.Invalid(
                "rate", "Say what is asked of the service: either rate (requests a second) or users (each waits for answers).");
        }

        double? duration = Number(fields, "duration");
        int? requests = Whole(fields, "requests") ?? (duration is null ? DefaultRequests : SimulatorLimits.Requests);
        string arrivals = Text(fields, "arrivals") ?? "poisson";
        ThinkTime think = Parsed("think", Text(fields, "think") ?? "0", text => ThinkTime.Parse(text, "think"));
        (LengthDistribution input, LengthDistribution output) = (Length(fields, "input")!, Length(fields, "output")!);
        int prefix = Whole(fields, "shared-prefix") ?? 0;
        double? ramp = Number(fields, "ramp");
        if (ramp is not null && users is null)
        {
            throw ApiException.Invalid("ramp", "ramp needs users; others come when they come.");
        }

        return new TrafficOptions
        {
            RampSeconds = users is { } asking ? ramp ?? think.MeanSeconds + UsualRamp(plan, asking, prefix + input.Mean, output.Mean) : 0,
            Process = rate is { } r ? Parsed("arrivals", arrivals, text => ArrivalProcess.Parse(text, r, "arrivals")) : null,
            Users = users ?? 0,
            Think = think,
            Input = input,
            Output = output,
            Turns = Length(fields, "turns"),
            SharedPrefixTokens = prefix,
            SharedPrefixes = Whole(fields, "shared-prefixes") ?? 1,
            Requests = requests,
            DurationSeconds = duration,
            Seed = (ulong)(Whole(fields, "seed") ?? 0),
        };
    }

    // Users who have been there for a while are spread over the time of one request; those who begin all at once keep in step for long.
    private static double UsualRamp(ICostPlan plan, int users, double inputTokens, double outputTokens)
    {
        ClosedLoopLoad load = new(users, (int)Math.Max(1, inputTokens), (int)Math.Max(1, outputTokens));
        return EstimateReader.Refusing(() => ClosedLoopModel.Estimate(plan, load)).EndToEndSeconds;
    }

    private static ServingSimulationOptions Options(RequestFields fields, FrameworkProfile policy, ICostPlan plan, TrafficOptions traffic)
    {
        ServingSimulationOptions own = policy.OptionsFor(plan.Request.System.Device, plan.Request.Architecture.MaxContextTokens);
        Parallelism parallelism = plan.Request.Parallelism;
        int block = Whole(fields, "block-size") ?? own.BlockSize;
        double? link = Number(fields, "kv-link");
        int? prefill = Whole(fields, "prefill-replicas");
        if (link is not null && prefill is null)
        {
            throw ApiException.Invalid("kv-link", "kv-link needs prefill-replicas.");
        }

        return own with
        {
            Scheduler = own.Scheduler with
            {
                MaxTokensPerStep = Whole(fields, "max-num-batched-tokens") ?? own.Scheduler.MaxTokensPerStep,
                MaxSequences = Whole(fields, "max-num-seqs") ?? own.Scheduler.MaxSequences,
            },
            BlockSize = block,
            BlockCount = Whole(fields, "kv-tokens") is { } tokens ? Math.Max(1, tokens / block) : null,
            PrefixCaching = own.PrefixCaching && !(EstimateReader.Flag(fields, "no-prefix-caching") ?? false),
            Recorder = new ServingRecorderOptions { Slo = Text(fields, "slo") is { } level ? Parsed("slo", level, Slo.Parse) : null },
            Overhead = new StepOverhead(
                (Number(fields, "step-overhead") ?? 0) * 1e-3, (Number(fields, "sequence-overhead") ?? 0) * 1e-6),
            Replicas = (Whole(fields, "replicas") ?? 1) * (parallelism.AttentionDataParallel ? 1 : parallelism.Data),
            Routing = Word(fields, "router") switch
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
            WarmUp = Whole(fields, "warm-up") is { } warmUp ? new WarmUp(warmUp, 0) : WarmUp.Of(traffic),
            Seed = traffic.Seed,
        };
    }

    private static LengthDistribution? Length(RequestFields fields, string name)
    {
        string? text = Text(fields, name) ?? ServiceSettings.Find(name).Default;
        return text is null ? null : text.StartsWith("file:", StringComparison.Ordinal)
            ? throw ApiException.Invalid(name, $"{name}: files cannot be named over HTTP; give the lengths by a distribution.")
            : Parsed(name, text, given => LengthDistribution.Parse(given, name));
    }

    private static T Parsed<T>(string name, string text, Func<string, T> parse) => EstimateReader.Refusing(() => parse(text), name);

    private static string? Word(RequestFields fields, string name)
    {
        ServiceSetting setting = ServiceSettings.Find(name);
        if ((Text(fields, name) ?? setting.Default) is not { } word)
        {
            return null;
        }

        return setting.Words.FirstOrDefault(w => string.Equals(w, word, StringComparison.OrdinalIgnoreCase))
            ?? throw fields.Wrong(name, string.Join(", ", setting.Words));
    }

    private static string? Text(RequestFields fields, string name)
    {
        if (!EstimateReader.TryGet(fields, name, out JsonElement value))
        {
            return null;
        }

        return value.ValueKind switch
        {
            JsonValueKind.String => fields.StringOf(value, name),
            JsonValueKind.Number => value.GetRawText(),
            _ => throw fields.Wrong(name, "a text or a number"),
        };
    }

    private static int? Whole(RequestFields fields, string name) => Number(fields, name) is { } value
        ? value == Math.Floor(value) ? (int)value : throw fields.Wrong(name, ServiceSettings.AllowedOf(ServiceSettings.Find(name)))
        : null;

    private static double? Number(RequestFields fields, string name)
    {
        ServiceSetting setting = ServiceSettings.Find(name);
        if (!EstimateReader.TryGet(fields, name, out JsonElement value))
        {
            return null;
        }

        // A number may stand in a text, as the options of an estimate may.
        string text = value.ValueKind == JsonValueKind.String ? fields.StringOf(value, name) : value.GetRawText();
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number <= setting.Most
            && (setting.IsAbove ? number > setting.Least : number >= setting.Least)
                ? number
                : throw fields.Wrong(name, ServiceSettings.AllowedOf(setting));
    }
}
