using System.CommandLine;
using Inferometer.Cli.Models;
using Inferometer.Core;
using Inferometer.Core.Models;

namespace Inferometer.Cli.Settings;

/// <summary>The options that change what a model makes of positions, as llama.cpp names them.</summary>
internal sealed class RopeSettings
{
    private readonly ValueOption<RopeScaling> _scaling = new(
        ["--rope-scaling"],
        Domains.Word(("none", RopeScaling.None), ("linear", RopeScaling.Linear), ("yarn", RopeScaling.Yarn)),
        "Context extension; how far says --rope-scale, or a --ctx longer than trained.",
        "the model's");

    private readonly ValueOption<double> _scale = new(
        ["--rope-scale"], Domains.Number(1, 1e6), "How many times longer than trained the context is to be.", "the model's");

    private readonly ValueOption<double> _base = new(
        ["--rope-freq-base"], Domains.Number(0, 1e15, above: true), "Base of the rotary frequencies.", "the model's");

    private readonly ValueOption<int> _trained = new(
        ["--yarn-orig-ctx"], Domains.Whole(1, int.MaxValue, "TOKENS"), "YaRN: context the model was trained for.", "the model's");

    private readonly ValueOption<double> _attention = new(
        ["--yarn-attn-factor"], Domains.Number(0, 1e6, above: true), "YaRN: factor on cosines and sines beside the scheme's own.", "1");

    private readonly ValueOption<double> _fast = new(
        ["--yarn-beta-fast"],
        Domains.Number(0, 1e6, above: true),
        "YaRN: frequencies that turn more often than this within the trained context are kept.",
        "the model's, or 32");

    private readonly ValueOption<double> _slow = new(
        ["--yarn-beta-slow"], Domains.Number(0, 1e6, above: true), "YaRN: those that turn less often are divided.", "the model's, or 1");

    /// <summary>The options.</summary>
    public Option[] All => [_scaling, _scale, _base, _trained, _attention, _fast, _slow];

    /// <summary>Changes the model as the options ask; they hold for whatever reads it afterwards.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="model">The model, not loaded yet.</param>
    /// <param name="contextTokens">Context asked for; null = the model's.</param>
    /// <exception cref="InferometerException">The model cannot be changed so, or options contradict each other.</exception>
    public void Apply(ParseResult parsed, ModelLocation model, int? contextTokens)
    {
        Option[] given = [.. All.Where(parsed.IsGiven)];
        if (given.Length == 0 && !(contextTokens > model.Files.Architecture.MaxContextTokens))
        {
            return;
        }

        RopeChange change = new()
        {
            Scheme = parsed.Given(_scaling),
            Factor = parsed.Given(_scale),
            Theta = parsed.Given(_base),
            TrainedTokens = parsed.Given(_trained),
            AttentionFactor = parsed.Given(_attention),
            BetaFast = parsed.Given(_fast),
            BetaSlow = parsed.Given(_slow),
            ContextTokens = contextTokens,
        };
        try
        {
            model.Files.Change(change);
        }
        catch (InferometerException refusal) when (given.Length > 0)
        {
            throw new InferometerException(
                $"{string.Join(", ", given.Select(option => option.Name))}: {refusal.Message}", refusal);
        }
    }
}
