using Inferometer.Simulation.Operators;

namespace Inferometer.Simulation.Costs;

/// <summary>
/// An operator whose weights or cache lie with the host. The host computes it there; or, in a step of enough tokens, the device does with
/// weights that are brought over first, once for every step of an engine, whichever is faster. Uploads do not overlap with the product that
/// waits for them, as in llama.cpp.
/// </summary>
internal sealed class HostOperator
{
    private readonly StepForm _compute;
    private readonly StepForm _memory;
    private readonly StepForm _upload;
    private readonly double _launch;
    private readonly int _streamFromTokens;
    private readonly int _stepTokens;

    public HostOperator(OperatorTemplate item, in StagePlace place)
    {
        DeploymentProfile host = place.Host!;
        StepForm kept = item.Weights + item.KvRead + item.KvWrite;
        _compute = host.Rates.SecondsPerFlop(item, host) * item.Flops;
        _memory = host.Rates.SecondsPerByte(item, host) * (kept + item.ActivationRead + item.ActivationWrite);
        _upload = (1 / place.Device.LinkBandwidth) * kept;
        _launch = item.Launches * host.Device.Efficiency.LaunchSeconds;
        _stepTokens = place.Device.Request.MaxStepTokens > 0 ? place.Device.Request.MaxStepTokens : int.MaxValue;
        _streamFromTokens = place.Device.Request.Host?.StreamFromTokens ?? int.MaxValue;
    }

    /// <summary>Cost in a step, or the mean over the steps that <paramref name="pieces"/> describe.</summary>
    /// <param name="v">The step.</param>
    /// <param name="steps">Steps of the phase; 0 = one, whatever the pieces say.</param>
    /// <param name="pieces">How its context grows.</param>
    /// <param name="onDevice">What the device would take if it had all of the operator's data.</param>
    public OperatorCost Cost(in StepVariables v, double steps, ReadOnlySpan<ContextPiece> pieces, in OperatorCost onDevice)
    {
        double compute = _compute.At(v);
        double memory = _memory.At(v);
        double work = steps > 0 ? SumOverPieces(v, pieces) / steps : Math.Max(compute, memory);
        OperatorCost here = new(work + _launch, compute, memory, 0, 0, _launch, OnHost: true);
        double upload = Math.Max(1, Math.Ceiling(v.Tokens / _stepTokens)) * _upload.At(v);
        return v.Tokens >= _streamFromTokens && onDevice.Seconds + upload < here.Seconds
            ? onDevice with { Seconds = onDevice.Seconds + upload, LinkSeconds = upload }
            : here;
    }

    private double SumOverPieces(StepVariables v, ReadOnlySpan<ContextPiece> pieces)
    {
        double sum = 0;
        foreach (ref readonly ContextPiece piece in pieces)
        {
            v.Pairs = piece.Pairs;
            v.Reads = piece.Reads;
            StepLine compute = new(_compute.At(v), _compute.Slope(piece.PairsSlope, piece.ReadsSlope));
            StepLine memory = new(_memory.At(v), _memory.Slope(piece.PairsSlope, piece.ReadsSlope));
            sum += piece.Repeats * StepLine.SumOfMax(compute, memory, default, piece.Steps);
        }

        return sum;
    }
}
