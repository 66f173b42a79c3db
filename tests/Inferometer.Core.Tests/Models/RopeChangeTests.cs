using Inferometer.Core.Models;

namespace Inferometer.Core.Tests.Models;

public sealed class RopeChangeTests
{
    private static ModelArchitecture Model(RopeParameters? whole, RopeParameters? local = null, int window = 0) => new()
    {
        Name = "m",
        ModelType = "llama",
        HiddenSize = 64,
        VocabularySize = 100,
        MaxContextTokens = 1000,
        Position = whole is null ? PositionKind.Learned : PositionKind.Rotary,
        LearnedPositionRows = whole is null ? 1000 : 0,
        Layers = [Layer(local ?? whole, window), Layer(whole, 0)],
    };

    private static LayerArchitecture Layer(RopeParameters? rope, int window) => new()
    {
        Mixer = new AttentionMixer { Heads = 4, KvHeads = 2, HeadDim = 16, ValueHeadDim = 16, WindowTokens = window, Rope = rope },
        FeedForward = new DenseFeedForward { IntermediateSize = 64 },
    };

    private static RopeParameters Rope(ModelArchitecture model, int layer) => ((AttentionMixer)model.Layers[layer].Mixer!).Rope!;

    [Fact]
    public void A_factor_alone_is_linear_and_lengthens_the_context()
    {
        ModelArchitecture changed = new RopeChange { Factor = 4 }.Apply(Model(new RopeParameters()));
        Assert.Equal((RopeScaling.Linear, 4), (Rope(changed, 1).Scaling, Rope(changed, 1).Factor));
        Assert.Equal(4000, changed.MaxContextTokens);
    }

    [Fact]
    public void A_longer_context_says_how_far_a_scheme_goes()
    {
        ModelArchitecture changed = new RopeChange { Scheme = RopeScaling.Yarn, ContextTokens = 2500 }.Apply(Model(new RopeParameters()));
        RopeParameters rope = Rope(changed, 1);
        Assert.Equal((RopeScaling.Yarn, 2.5, 1000), (rope.Scaling, rope.Factor, rope.OriginalContextTokens));
        Assert.Equal(2500, changed.MaxContextTokens);
    }

    [Fact]
    public void The_factor_of_the_file_stays_where_the_scheme_is_its_own()
    {
        RopeParameters yarn = new() { Scaling = RopeScaling.Yarn, Factor = 8, OriginalContextTokens = 125, AttentionFactor = 1.3 };
        ModelArchitecture changed = new RopeChange { BetaFast = 16, AttentionFactor = 2 }.Apply(Model(yarn));
        Assert.Equal((8, 16, 125), (Rope(changed, 1).Factor, Rope(changed, 1).BetaFast, Rope(changed, 1).OriginalContextTokens));
        Assert.Equal(2 * (1 + (0.1 * Math.Log(8))), Rope(changed, 1).AttentionFactor, 12);
        Assert.Equal(1000, changed.MaxContextTokens);
    }

    [Fact]
    public void None_takes_an_extension_away()
    {
        RopeParameters linear = new() { Scaling = RopeScaling.Linear, Factor = 8 };
        ModelArchitecture changed = new RopeChange { Scheme = RopeScaling.None, Theta = 500 }.Apply(Model(linear));
        Assert.Equal((RopeScaling.None, 1, 500), (Rope(changed, 0).Scaling, Rope(changed, 0).Factor, Rope(changed, 0).Theta));
    }

    [Fact]
    public void Local_layers_with_a_base_of_their_own_keep_it()
    {
        RopeParameters local = new() { Theta = 10000 }, whole = new() { Theta = 1e6 };
        ModelArchitecture changed = new RopeChange { Factor = 2 }.Apply(Model(whole, local, window: 64));
        Assert.Equal(local, Rope(changed, 0));
        Assert.Equal(2, Rope(changed, 1).Factor);
    }

    [Fact]
    public void A_longer_context_alone_is_allowed_with_a_note_and_changes_no_frequency()
    {
        RopeParameters longRope = new()
        {
            Scaling = RopeScaling.LongRope,
            OriginalContextTokens = 250,
            ShortFactors = [1.0],
            LongFactors = [2.0],
        };
        ModelArchitecture model = Model(longRope);
        RopeChange change = new() { ContextTokens = 3000 };
        ModelArchitecture changed = change.Apply(model);
        Assert.Equal(3000, changed.MaxContextTokens);
        Assert.Equal(Math.Sqrt(1 + (Math.Log(4) / Math.Log(250))), Rope(changed, 1).AttentionFactor, 12);
        Assert.Contains("was made for 1000 tokens", change.Note(model), StringComparison.Ordinal);
        Assert.Null((change with { Factor = 3 }).Note(model));
        Assert.Null((change with { ContextTokens = 1000 }).Note(model));
    }

    [Theory]
    [InlineData(true, "for 1000 tokens; it cannot run 3000")]
    [InlineData(false, "has no rotary positions")]
    public void Learned_positions_cannot_be_extended(bool byContext, string words)
    {
        RopeChange change = byContext ? new() { ContextTokens = 3000 } : new() { Theta = 5000 };
        InferometerException refusal = Assert.Throws<InferometerException>(() => change.Apply(Model(null)));
        Assert.Contains(words, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_contradicts_or_says_too_little_is_refused()
    {
        ModelArchitecture model = Model(new RopeParameters());
        string Refusal(RopeChange change) => Assert.Throws<InferometerException>(() => change.Apply(model)).Message;
        Assert.Contains("must be said", Refusal(new() { Scheme = RopeScaling.Yarn }), StringComparison.Ordinal);
        RopeChange linear = new() { Scheme = RopeScaling.Linear, Factor = 2, BetaSlow = 2 };
        Assert.Contains("need the scheme yarn", Refusal(linear), StringComparison.Ordinal);
        Assert.Contains("contradicts", Refusal(new() { Scheme = RopeScaling.None, Factor = 2 }), StringComparison.Ordinal);
    }
}
