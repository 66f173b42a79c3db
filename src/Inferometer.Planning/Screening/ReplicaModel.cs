using Inferometer.Planning.Demand;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Planning.Screening;

/// <summary>
/// One replica in balance, from a few priced steps, in microseconds. With b requests that decode, each of N output tokens after a prompt
/// that adds a seconds to a step of d(b) seconds:
/// <code>
/// TPOT = d(b) + b a / (N - 1)          every answer brings one prompt, which all others wait for
/// X    = b / ((N - 1) TPOT)            Little's law
/// TTFT = admission + d/2 + prompt + rho a / (2 (1 - rho)),  rho = X a      prompts as one server (Pollaczek, Khinchine)
/// </code>
/// with the prompt of the limit's percentile, the rest in the mean of a load without bursts. A percentile above the median lies above all
/// of
/// them, so that what does not keep a limit here is not worth a simulation. Not thread-safe: it asks a plan.
/// </summary>
internal sealed class ReplicaModel
{
    private const int Beside = 16; // what a prompt adds is priced in a step of so many
    private const double LeastPromptShare = 0.2;
    private const int MostPowers = 14;

    private readonly ICostPlan _plan;
    private readonly ServiceDemand _demand;
    private readonly int _input;
    private readonly int _output;
    private readonly double[] _decode = new double[MostPowers]; // of 1, 2, 4, ... sequences; 0 = not priced yet

    /// <summary>Prices the steps that everything follows from.</summary>
    /// <param name="plan">The replica.</param>
    /// <param name="demand">Lengths and thinking.</param>
    /// <param name="lateInput">Prompt of the percentile that the limit of first tokens is of; 0 = the mean one.</param>
    public ReplicaModel(ICostPlan plan, ServiceDemand demand, int lateInput = 0)
    {
        (_plan, _demand) = (plan, demand);
        (_input, _output) = (demand.MeanInput, demand.MeanOutput);
        Ranks = plan.Request.Parallelism.Data;
        PrefillChunk[] prompt = [new(demand.SharedPrefixTokens, Math.Max(1, _input - demand.SharedPrefixTokens))];
        DecodeGroup[] beside = [new(_input + Math.Max(1, _output / 2), Beside)];
        PhaseTotals alone = plan.Step(prompt, []), mixed = plan.Step(prompt, beside);
        double own = plan.Service.OwnPromptShare;
        Prompt = Felt(own, alone);
        PrefillChunk[] late = [new(demand.SharedPrefixTokens, Math.Max(1, lateInput - demand.SharedPrefixTokens))];
        PromptOfPercentile = lateInput > _input ? Felt(own, plan.Step(late, [])) : Prompt;
        double decode = plan.Step([], beside).LatencySeconds;
        double added = Math.Max(mixed.LatencySeconds - decode, LeastPromptShare * alone.PaceSeconds);
        Added = Math.Max(plan.Service.PromptShare * added, mixed.PeakSeconds - decode) / Ranks;
    }

    /// <summary>Ranks of attention data parallelism, which read prompts at the same time.</summary>
    public int Ranks { get; }

    /// <summary>What the first token after a mean prompt waits for of the step that reads it alone, seconds.</summary>
    public double Prompt { get; }

    /// <summary>Likewise of the prompt of the percentile that the limit of first tokens is of, seconds.</summary>
    public double PromptOfPercentile { get; }

    /// <summary>What a prompt adds to a step of others that these feel, seconds.</summary>
    public double Added { get; }

    /// <summary>A decode step of so many sequences, seconds: straight lines between powers of two.</summary>
    public double Decode(double sequences)
    {
        double b = Math.Max(1, sequences);
        int power = Math.Min(MostPowers - 2, (int)Math.Log2(b));
        double low = Priced(power), below = 1 << power;
        return b == below ? low : low + ((Priced(power + 1) - low) * (b - below) / below);
    }

    /// <summary>What users see while so many requests decode.</summary>
    /// <param name="sequences">Requests that decode, above 0.</param>
    /// <param name="apart">Prompts are read by other replicas.</param>
    public FluidPoint At(double sequences, bool apart = false)
    {
        double step = Decode(sequences);
        double steps = Math.Max(1, _output - 1);
        double stall = apart ? 0 : sequences * Added / steps;
        double tpot = step + stall;
        double rate = sequences / ((_output > 1 ? steps * step : 0) + (apart ? 0 : sequences * Added) + (_output > 1 ? 0 : step));
        double busy = apart ? 0 : Math.Min(0.999, rate * Added);
        double wait = busy * Added / (2 * (1 - busy));
        double before = Admission(step, sequences) + (step / 2) + wait;
        double ttft = before + PromptOfPercentile;
        double endToEnd = before + Prompt + ((_output - 1) * tpot);
        return new FluidPoint(
            sequences, rate, step, ttft, tpot, endToEnd, sequences + (rate * (before + Prompt + _demand.Think.MeanSeconds)));
    }

    /// <summary>Time that the first token takes beside steps: transport, tokenisation, steps that a scheduler lets pass.</summary>
    private double Admission(double step, double sequences) => _plan.Service.Admission(step, sequences / Ranks);

    // As in the simulation no step is shorter than its arithmetic and its memory traffic at the datasheet's peak.
    private static double Felt(double share, in PhaseTotals step) => Math.Max(share * step.LatencySeconds, step.PeakSeconds);

    private double Priced(int power)
    {
        if (_decode[power] == 0)
        {
            _decode[power] = _plan.Decode(new WorkloadPoint(1 << power, _input, _output)).LatencySeconds;
        }

        return _decode[power];
    }
}
