using System.Globalization;
using Inferometer.Core;
using Inferometer.Planning.Deployments;
using Inferometer.Serving;

namespace Inferometer.Planning.Screening;

/// <summary>Why one deployment is not the answer, with the figures.</summary>
/// <param name="Reason">The constraint.</param>
/// <param name="Deployment">The deployment.</param>
/// <param name="Found">
/// What there is: bytes, requests, seconds or US dollars a month, by the reason; 0 where <see cref="Note"/> says all.
/// </param>
/// <param name="Needed">What would be needed; 0 where <see cref="Note"/> says all.</param>
public sealed record Rejection(RejectionReason Reason, Deployment Deployment, double Found, double Needed)
{
    private const int MostDigits = 4;

    /// <summary>What binds a replica, where the load is what it does not carry or what makes it dear.</summary>
    public Binding? Binding { get; init; }

    /// <summary>Devices that the load takes of it at the least; null where that is not what it fails by.</summary>
    public int? LeastDevices { get; init; }

    /// <summary>Further words, such as what the simulator says of an impossible deployment.</summary>
    public string? Note { get; init; }

    /// <summary>Further limits that a single user does not keep there, each with the time that there is, seconds.</summary>
    internal EquatableList<(SloLimit Limit, double Seconds)> Others { get; init; } = [];

    /// <summary>How many times what is allowed it takes, at least 1: the nearer to 1, the nearer it is to being an answer.</summary>
    public double Excess => Reason switch
    {
        RejectionReason.Weights or RejectionReason.KvCache or RejectionReason.Load =>
            Found > 0 ? Math.Max(1, Needed / Found) : double.MaxValue,
        _ => Needed > 0 ? Math.Max(1, Found / Needed) : double.MaxValue,
    };

    /// <summary>The figures in words: <c>KV cache: 12 requests fit, 31 needed</c>.</summary>
    public override string ToString() => Reason switch
    {
        RejectionReason.NoPrice => $"no price of {Deployment.Shape.System.Name} is known",
        RejectionReason.Impossible => Note ?? "cannot be priced",
        RejectionReason.Weights => Differing(
            Needed / 1e9, Found / 1e9, "0.0",
            (needed, found) => $"weights: {needed} GB a device with activations and reserve, {found} GB there"),
        RejectionReason.KvCache => Say($"KV cache: {Requests(Found)} fit{(Found == 1 ? "s" : "")}, {Needed:#,0} needed"),
        RejectionReason.Load => Say($"{Words(Binding)}: {Requests(Found)} at once keep{(Found == 1 ? "s" : "")} it, {Needed:#,0} needed"),
        RejectionReason.Budget => Differing(Found, Needed, "#,0", (found, needed) => $"cost: ${found} a month, ${needed} allowed"),
        RejectionReason.Dominated => "another batch limit does as much with less memory",
        RejectionReason.Simulated when Needed == 0 => $"simulated: {Note?.TrimEnd('.')}",
        RejectionReason.Simulated => Milliseconds((found, allowed) => $"simulated: {Note} {found} ms, {allowed} allowed"),
        RejectionReason.Dearer => Dearer(Binding is { } binding ? $" ({Words(binding)} binds)" : ""),
        _ => Milliseconds((found, allowed) => $"{Words(BindingOf(Reason))}: {found} ms for a single user, {allowed} allowed"),
    };

    /// <summary>Name of a constraint, for people.</summary>
    public static string Words(Binding? binding) => binding switch
    {
        Screening.Binding.KvCache => "KV cache",
        Screening.Binding.BatchLimit => "batch limit",
        Screening.Binding.TimeToFirstToken => "TTFT",
        Screening.Binding.TimePerOutputToken => "TPOT",
        Screening.Binding.InterTokenLatency => "ITL",
        Screening.Binding.EndToEnd => "E2E",
        _ => "load",
    };

    // Of two that cost the same the faster one is the answer; what looks cheaper took more replicas as soon as it was simulated.
    private string Dearer(string binds) => Math.Round(Found).CompareTo(Math.Round(Needed)) switch
    {
        > 0 => Say($"dearer: ${Found:#,0} a month at the least{binds}, ${Needed:#,0} do"),
        0 => Say($"as dear: ${Found:#,0} a month at the least{binds}, but slower, or more are needed"),
        _ => Say($"dearer when simulated: ${Found:#,0} a month at the least{binds}, ${Needed:#,0} do"),
    };

    private static Binding? BindingOf(RejectionReason reason) => reason switch
    {
        RejectionReason.TimeToFirstToken => Screening.Binding.TimeToFirstToken,
        RejectionReason.TimePerOutputToken => Screening.Binding.TimePerOutputToken,
        RejectionReason.InterTokenLatency => Screening.Binding.InterTokenLatency,
        RejectionReason.EndToEnd => Screening.Binding.EndToEnd,
        _ => null,
    };

    private static string Requests(double count) => Say($"{count:#,0} request{(count == 1 ? "" : "s")}");

    // A limit below a tenth of a millisecond must not read as none.
    private string Milliseconds(Func<string, string, string> say) => Differing(
        Found * 1000, Needed * 1000, Math.Min(Found, Needed) is > 0 and < 1e-3 ? "0.####" : "#,0.#", say);

    // Two figures of which one is too large: with as many digits as it takes to see that.
    private static string Differing(double one, double two, string format, Func<string, string, string> say)
    {
        for (int more = 0; ; more++)
        {
            string a = one.ToString(format, CultureInfo.InvariantCulture), b = two.ToString(format, CultureInfo.InvariantCulture);
            if (more == MostDigits || !string.Equals(a, b, StringComparison.Ordinal))
            {
                return say(a, b);
            }

            format += format.Contains('.', StringComparison.Ordinal) ? format[^1..] : ".0";
        }
    }

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
