using System.Globalization;
using Inferometer.Scheduling;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Measurement.Explanation;

/// <summary>
/// What a service may do other than stated, each thing by itself: what is simulated to find out which of them gives the times measured.
/// </summary>
/// <param name="service">The service as stated.</param>
/// <param name="plan">Its deployment.</param>
/// <param name="now">Its forecast.</param>
/// <param name="observed">What was measured.</param>
internal sealed class ServiceCauses(ExplainedService service, ICostPlan plan, ServiceForecast now, ObservedService observed)
{
    private const double Milliseconds = 1000;
    private const int SmallStep = 512;
    private static readonly double[] Parts = [0.9, 0.85, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2];

    private readonly ServingSimulationOptions _options = service.Options(plan);
    private readonly ServiceTraffic _traffic = service.Traffic(plan);

    /// <summary>The causes that do not change what steps take.</summary>
    public IEnumerable<ServiceChange> OfService() => [.. OfRequests(), .. OfMemory(), .. OfBatching()];

    /// <summary>The causes that do, by as much as a token was measured to take longer or shorter.</summary>
    /// <param name="beside">Another cause that holds too; null = none.</param>
    /// <param name="forecast">The forecast with that one.</param>
    public IEnumerable<ServiceChange> OfSteps(ServiceChange? beside, ServiceForecast forecast)
    {
        if (observed.TpotMs is not { } measured || forecast.TpotMs is not { } predicted)
        {
            yield break;
        }

        double later = measured - predicted;
        ServiceChange other = beside ?? new ServiceChange("", "");
        string prefix = beside is null ? "" : other.Key + "+", text = beside is null ? "" : other.Text + ", and ";
        string alsoThat = other.Remedy.Length == 0 ? "" : other.Remedy + "; ";
        if (later > 0)
        {
            yield return other with
            {
                Key = prefix + "host",
                Text = text + Say($"the host takes {later:0.0} ms more for every step"),
                Remedy = alsoThat + "CUDA graphs on, a freer or faster host",
                Options = o => Delayed(other.Options(o), later / Milliseconds),
            };
        }

        yield return other with
        {
            Key = prefix + (later > 0 ? "slow_device" : "fast_device"),
            Text = text + Say($"the device takes {measured / predicted:0.00} times as long"),
            Remedy = later > 0 ? alsoThat + "look at clocks and power limit of the device" : "",
            Slowness = measured / predicted,
        };
    }

    private IEnumerable<ServiceChange> OfRequests()
    {
        if (_traffic.Made is not { } made)
        {
            yield break;
        }

        if (made.Users > 0)
        {
            yield return new("burst", "all users begin at once, and the first requests count too")
            {
                Remedy = "measure after a warm-up, begin users one by one",
                Traffic = _ => new ServiceTraffic(made with { RampSeconds = 0 }, WarmUp.None),
            };
            yield return OtherTraffic("more_users", "twice as many users at a time", made with { Users = 2 * made.Users });
            if (made.Users > 1)
            {
                yield return OtherTraffic("fewer_users", "half as many users at a time", made with { Users = made.Users / 2 });
            }
        }

        if (made.Process is { } process && double.IsFinite(process.RequestsPerSecond))
        {
            double rate = process.RequestsPerSecond;
            yield return OtherTraffic(
                "bursts", "requests come in bursts", made with { Process = ArrivalProcess.Parse("gamma:0.25", rate) });
            yield return OtherTraffic(
                "higher_rate", "a quarter more requests a second", made with { Process = ArrivalProcess.Parse("poisson", 1.25 * rate) });
            yield return OtherTraffic(
                "lower_rate", "a quarter fewer requests a second", made with { Process = ArrivalProcess.Parse("poisson", 0.75 * rate) });
        }

        if (made is { Pairs: null, Turns: null })
        {
            int prompt = Math.Max(2, (int)made.Input.Mean);
            yield return OtherTraffic(
                "longer_prompts", "prompts are twice as long", made with { Input = LengthDistribution.Fixed(2 * prompt) });
            if (_options.PrefixCaching && made.SharedPrefixTokens == 0)
            {
                yield return OtherTraffic(
                    "cached_prompts", "half of each prompt is cached from others",
                    made with { Input = LengthDistribution.Fixed((prompt + 1) / 2), SharedPrefixTokens = prompt / 2 });
            }
        }
    }

    private IEnumerable<ServiceChange> OfMemory()
    {
        // Of what these requests fill, not of what there is room for: a cache that is never full costs nothing.
        long most = (long)(now.Result.Load.PeakKvUse * now.Result.Load.KvCapacityTokens);
        foreach (double part in Parts)
        {
            int blocks = (int)Math.Ceiling(part * most / _options.BlockSize);
            yield return new(
                "small_cache",
                Say($"the KV cache holds {(long)blocks * _options.BlockSize:#,0} tokens, {100 * part:0} % of what the requests fill"))
            {
                Remedy = Say($"a KV cache of {now.Result.Load.KvCapacityTokens:#,0} tokens (--gpu-memory-utilization)"),
                Options = o => o with { BlockCount = Math.Max(1, blocks) },
            };
        }

        if (_options.PrefixCaching && _traffic.Made is { } made && (made.SharedPrefixTokens > 0 || made.Turns is not null))
        {
            yield return new("no_reuse", "nothing is reused between requests")
            {
                Remedy = "turn prefix caching on",
                Options = o => o with { PrefixCaching = false },
            };
        }
    }

    private IEnumerable<ServiceChange> OfBatching()
    {
        SchedulerOptions scheduler = _options.Scheduler;
        double most = (_traffic.Made is { Users: > 0 and var users } ? users : now.Result.OverTime.Max(p => p.Running))
            / now.Result.Load.Replicas;
        foreach (double part in Parts)
        {
            int places = (int)Math.Ceiling(part * most);
            if (places < most)
            {
                yield return Scheduled(
                    "few_places", Say($"at most {places:#,0} sequences run at once"), s => s with { MaxSequences = places },
                    Say($"{scheduler.EffectiveMaxSequences:#,0} sequences at once (--max-num-seqs)"));
            }
        }

        if (scheduler.ChunkedPrefill)
        {
            yield return Scheduled(
                "whole_prompts", "prompts are read in one piece", s => s with { ChunkedPrefill = false },
                "prompts in chunks (--enable-chunked-prefill)");
        }

        if (!scheduler.PrefillFirst)
        {
            yield return Scheduled(
                "prompts_first", "who decodes stands still while prompts are read", s => s with { PrefillFirst = true },
                "prompts beside those that decode (SGLang: --enable-mixed-chunk)");
        }

        if (scheduler.MaxTokensPerStep > SmallStep)
        {
            yield return Scheduled(
                "small_steps", Say($"a step has at most {SmallStep} tokens"), s => s with { MaxTokensPerStep = SmallStep },
                Say($"steps of {scheduler.MaxTokensPerStep:#,0} tokens (--max-num-batched-tokens)"));
        }
    }

    private static ServingSimulationOptions Delayed(ServingSimulationOptions options, double seconds) => options with
    {
        Overhead = options.Overhead with { SecondsPerStep = options.Overhead.SecondsPerStep + seconds },
    };

    private static ServiceChange OtherTraffic(string key, string text, TrafficOptions made) =>
        new(key, text) { Traffic = _ => new ServiceTraffic(made) };

    private static ServiceChange Scheduled(string key, string text, Func<SchedulerOptions, SchedulerOptions> change, string remedy) =>
        new(key, text) { Options = o => o with { Scheduler = change(o.Scheduler) }, Remedy = remedy };

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
