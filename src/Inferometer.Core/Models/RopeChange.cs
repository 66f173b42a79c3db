using System.Globalization;

namespace Inferometer.Core.Models;

/// <summary>
/// What a user asks of a model's positions beyond what its files say: another base, a context extension, or a longer context without one.
/// It is for the layers that look at the whole context; local ones with a rotary embedding of their own keep it, as their windows do not
/// grow.
/// </summary>
public sealed record RopeChange
{
    /// <summary>Scheme: none, linear or YaRN; null = the model's, or linear where a factor is given and it has none.</summary>
    public RopeScaling? Scheme { get; init; }

    /// <summary>How many times longer than trained the context is to be; null = as the context asks, or as the model has it.</summary>
    public double? Factor { get; init; }

    /// <summary>Base of the frequencies; null = the model's.</summary>
    public double? Theta { get; init; }

    /// <summary>YaRN: tokens that the model was trained for; null = what it says.</summary>
    public int? TrainedTokens { get; init; }

    /// <summary>YaRN: factor on cosines and sines, on top of the scheme's own; null = 1.</summary>
    public double? AttentionFactor { get; init; }

    /// <summary>YaRN: turns within the trained context above which frequencies are kept; null = the model's, or 32.</summary>
    public double? BetaFast { get; init; }

    /// <summary>YaRN: turns below which they are divided; null = the model's, or 1.</summary>
    public double? BetaSlow { get; init; }

    /// <summary>Longest context, tokens; null = what the model was made for, times the factor where one is given.</summary>
    public int? ContextTokens { get; init; }

    /// <summary>The model as it is to be run.</summary>
    /// <exception cref="InferometerException">The model cannot be changed in this way.</exception>
    public ModelArchitecture Apply(ModelArchitecture model)
    {
        ArgumentNullException.ThrowIfNull(model);
        RopeParameters? whole = Of(model);
        bool asksForRope = Scheme is not null || Factor is not null || Theta is not null || AsksForYarn;
        if (asksForRope && whole is null)
        {
            throw new InferometerException($"{model.Source ?? model.Name}: the model has no rotary positions, which could be changed.");
        }

        int longest = ContextTokens ?? 0;
        if (longest > model.MaxContextTokens && model.Position == PositionKind.Learned)
        {
            throw new InferometerException(
                $"{model.Source ?? model.Name}: the model has learned positions for {model.MaxContextTokens} tokens; it cannot run "
                    + $"{longest}.");
        }

        if (whole is null)
        {
            return longest > model.MaxContextTokens ? model with { MaxContextTokens = longest } : model;
        }

        RopeParameters changed = Changed(model, whole);
        int own = Factor is { } factor && Scheme is not RopeScaling.None ? (int)Math.Min(Trained(model, whole) * factor, int.MaxValue) : 0;
        return model with
        {
            MaxContextTokens = Math.Max(Math.Max(longest, own), model.MaxContextTokens),
            Layers = new EquatableList<LayerArchitecture>(model.Layers.Select(layer => Changed(model, layer, whole, changed))),
        };
    }

    /// <summary>What a user should know of a context longer than the model was made for, or null.</summary>
    public string? Note(ModelArchitecture model)
    {
        ArgumentNullException.ThrowIfNull(model);
        bool extends = Scheme is RopeScaling.Linear or RopeScaling.Yarn || Factor is not null || Theta is not null;
        return ContextTokens > model.MaxContextTokens && !extends && Of(model) is not null
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{model.Name} was made for {model.MaxContextTokens} tokens; without --rope-scaling what it writes beyond them is worse.")
            : null;
    }

    private bool AsksForYarn => TrainedTokens is not null || AttentionFactor is not null || BetaFast is not null || BetaSlow is not null;

    // Of global layers before local ones.
    private static RopeParameters? Of(ModelArchitecture model) => model.Layers.Select(layer => layer.Mixer).OfType<AttentionMixer>()
        .Where(mixer => mixer.Rope is not null).OrderBy(mixer => mixer.WindowTokens > 0).FirstOrDefault()?.Rope
        ?? model.Layers.Select(layer => layer.Mixer).OfType<LatentAttentionMixer>().FirstOrDefault()?.Rope;

    private static int Trained(ModelArchitecture model, RopeParameters rope) =>
        rope.OriginalContextTokens > 0 ? rope.OriginalContextTokens : model.MaxContextTokens;

    private RopeParameters Changed(ModelArchitecture model, RopeParameters rope)
    {
        // The scheme's own values must not follow the longer context.
        int trained = Trained(model, rope);
        rope = rope with
        {
            Theta = Theta ?? rope.Theta,
            OriginalContextTokens = trained,
            AttentionFactor = rope is { Scaling: RopeScaling.LongRope, AttentionFactor: 0 } && model.MaxContextTokens > trained
                ? Math.Sqrt(1 + (Math.Log((double)model.MaxContextTokens / trained) / Math.Log(trained)))
                : rope.AttentionFactor,
        };
        RopeScaling scheme = Scheme ?? (Factor is null || rope.Scaling is RopeScaling.Yarn ? rope.Scaling : RopeScaling.Linear);
        if (AsksForYarn && scheme != RopeScaling.Yarn)
        {
            throw new InferometerException("the settings of YaRN need the scheme yarn.");
        }

        if (Scheme is RopeScaling.None)
        {
            return Factor is null
                ? rope with { Scaling = RopeScaling.None, Factor = 1, AttentionFactor = 0, ShortFactors = Still(rope), LongFactors = [] }
                : throw new InferometerException("a scaling factor contradicts the scheme none.");
        }

        if (Scheme is null && Factor is null && !AsksForYarn)
        {
            return rope;
        }

        trained = TrainedTokens ?? trained;
        double factor = Factor ?? (scheme == rope.Scaling ? rope.Factor : (ContextTokens ?? 0) / (double)trained);
        return factor >= 1
            ? rope with
            {
                Scaling = scheme,
                Factor = factor,
                OriginalContextTokens = trained,
                BetaFast = BetaFast ?? rope.BetaFast,
                BetaSlow = BetaSlow ?? rope.BetaSlow,
                AttentionFactor = scheme != RopeScaling.Yarn ? 0
                    : AttentionFactor is { } own ? own * (1 + (0.1 * Math.Log(factor)))
                    : rope.Scaling == RopeScaling.Yarn ? rope.AttentionFactor : 0,
                ShortFactors = Still(rope),
                LongFactors = [],
            }
            : throw new InferometerException(
                $"{model.Source ?? model.Name}: how far its context of {trained} tokens is to be extended must be said, by "
                    + "--rope-scale or by a --ctx longer than that.");
    }

    // Pairs that do not turn still do not.
    private static EquatableList<double> Still(RopeParameters rope) =>
        rope.Scaling == RopeScaling.None && rope.ShortFactors.Any(factor => factor >= RopeParameters.Still) ? rope.ShortFactors : [];

    private LayerArchitecture Changed(
        ModelArchitecture model, LayerArchitecture layer, RopeParameters whole, RopeParameters changed)
    {
        switch (layer.Mixer)
        {
            case AttentionMixer { Rope: { } rope } mixer when rope == whole:
                return layer with { Mixer = mixer with { Rope = changed } };
            case LatentAttentionMixer latent when Scheme is not null || Factor is not null || AsksForYarn:
                throw new InferometerException(
                    $"{model.Source ?? model.Name}: the context of latent attention ({latent.Heads} heads), whose scores carry the "
                        + "extension, cannot be extended otherwise than its files say; its base can be changed.");
            case LatentAttentionMixer { Rope: not null } latent:
                return layer with { Mixer = latent with { Rope = changed } };
            default:
                return layer;
        }
    }
}
