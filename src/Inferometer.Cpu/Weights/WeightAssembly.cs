using System.Globalization;
using Inferometer.Core.Models;
using Inferometer.Cpu.Kernels.Matrices;
using Inferometer.ModelFiles.TensorNames;

namespace Inferometer.Cpu.Weights;

/// <summary>Puts a network's weights together from a file, layer by layer, as its architecture describes them.</summary>
internal sealed class WeightAssembly(ModelArchitecture architecture, TensorLoader tensors, LoadMonitor monitor)
{
    private int Hidden => architecture.HiddenSize;

    /// <summary>Reads everything.</summary>
    /// <exception cref="Core.InferometerException">A tensor is missing or has another shape than the architecture asks for.</exception>
    public ModelWeights Load()
    {
        monitor.Begin("embedding");
        Projection? tied = architecture is { TiedEmbeddings: true, HasHead: true }
            ? tensors.Projection(WeightRole.Embedding, 0, architecture.VocabularySize, Hidden)
            : null;
        WeightMatrix embedding = tied?.Matrix ?? tensors.Table(WeightRole.Embedding, architecture.VocabularySize, Hidden);
        var layers = new LayerWeights[architecture.LayerCount];
        for (int layer = 0; layer < layers.Length; layer++)
        {
            monitor.Begin(string.Create(CultureInfo.InvariantCulture, $"layer {layer + 1} of {layers.Length}"));
            layers[layer] = Layer(layer, architecture.Layers[layer]);
        }

        monitor.Begin("head");
        Projection? head = tied ?? (architecture.HasHead
            ? tensors.Projection(WeightRole.LmHead, 0, architecture.VocabularySize, Hidden, needsBias: architecture.LmHeadBias)
            : null);
        NormWeights? last = architecture.NormAfterResidual ? null : tensors.Norm(WeightRole.FinalNorm, 0, Hidden);
        ModelWeights weights = new(embedding, layers, last, head)
        {
            TokenTypes = architecture.TokenTypes > 0 ? tensors.Table(WeightRole.TokenTypes, architecture.TokenTypes, Hidden) : null,
            EmbeddingNorm = architecture.EmbeddingNorm ? tensors.Norm(WeightRole.EmbeddingNorm, 0, Hidden) : null,
            Positions = architecture.LearnedPositionRows > 0
                ? tensors.Table(WeightRole.PositionTable, architecture.LearnedPositionRows, Hidden)
                : null,
            Inputs = architecture.LayerInputs is { } inputs ? Inputs(inputs) : null,
            Streams = Between(WeightRole.StreamProjection),
            Merging = Between(WeightRole.StreamMerging),
        };
        monitor.Begin("done");
        return weights;
    }

    private InputWeights Inputs(LayerInputs inputs)
    {
        int all = inputs.Width * architecture.LayerCount;
        return new InputWeights(
            tensors.Table(WeightRole.LayerInputTable, inputs.Rows, all),
            tensors.Projection(WeightRole.LayerInputProjection, 0, all, Hidden),
            tensors.RmsNorm(WeightRole.LayerInputNorm, 0, inputs.Width).Weight);
    }

    private Projection[] Between(WeightRole role)
    {
        int others = (architecture.Updates?.Streams ?? 1) - 1;
        return [.. Enumerable.Range(0, others).Select(i => tensors.Expert(role, 0, i, others, Hidden, Hidden, needsBias: false))];
    }

    private LayerInputWeights LayerInput(int layer, LayerInputs inputs) => new(
        tensors.Projection(WeightRole.LayerInputGate, layer, inputs.Width, Hidden),
        tensors.Projection(WeightRole.LayerInputOutput, layer, Hidden, inputs.Width),
        tensors.RmsNorm(WeightRole.LayerInputOutputNorm, layer, Hidden));

    private UpdateWeights Updates(int layer, AlternatingUpdates updates)
    {
        int streams = updates.Streams;
        return new UpdateWeights(
            tensors.RmsNorm(WeightRole.UpdateNorm, layer, Hidden),
            tensors.Vector(WeightRole.UpdateRouter, layer, streams * Hidden),
            tensors.Vector(WeightRole.UpdatePrediction, layer, streams * streams * streams),
            tensors.Vector(WeightRole.UpdateCorrection, layer, streams * streams),
            updates.ScalesCorrection ? tensors.Vector(WeightRole.UpdateScale, layer, Hidden) : null,
            tensors.Projection(WeightRole.BranchDown, layer, updates.BranchRank, Hidden),
            tensors.Projection(WeightRole.BranchUp, layer, Hidden, updates.BranchRank),
            tensors.RmsNorm(WeightRole.BranchNorm, layer, Hidden));
    }

    private LayerWeights Layer(int layer, LayerArchitecture shape)
    {
        NormWeights? Norm(bool isThere, WeightRole role) => isThere ? tensors.Norm(role, layer, Hidden) : null;
        bool before = !architecture.NormsBehindBlocks && !architecture.NormAfterResidual;
        bool behind = architecture.PostBlockNorms || architecture.NormsBehindBlocks || architecture.NormAfterResidual;

        // ModernBERT's first layer reads the embedding, which was normed.
        bool isNormed = layer == 0 && architecture.EmbeddingNorm && !tensors.Has(WeightRole.AttentionNorm, layer);
        bool isShared = architecture.ParallelBlocks && architecture.PreBlockNorms == 1;
        return new LayerWeights
        {
            AttentionNorm = Norm(before && !isNormed, WeightRole.AttentionNorm),
            PostAttentionNorm = Norm(behind, WeightRole.PostAttentionNorm),
            FeedForwardNorm = Norm(before && !isShared && shape.FeedForward is not null, WeightRole.FeedForwardNorm),
            PostFeedForwardNorm = Norm(behind, WeightRole.PostFeedForwardNorm),
            Attention = shape.Mixer is AttentionMixer attention ? Attention(layer, attention) : null,
            Latent = shape.Mixer is LatentAttentionMixer latent ? Latent(layer, latent) : null,
            Recurrence = shape.Mixer switch
            {
                GatedDeltaMixer delta => Delta(layer, delta),
                MambaMixer mamba => Mamba(layer, mamba),
                RecurrentMixer convolution => ShortConvolution(layer, convolution),
                _ => null,
            },
            Dense = shape.FeedForward switch
            {
                DenseFeedForward dense => Dense(layer, dense),
                MoeFeedForward { ParallelDenseIntermediateSize: > 0 and var width } beside => Dense(
                    layer, new DenseFeedForward { IntermediateSize = width, Gated = beside.Gated, Activation = beside.Activation }),
                _ => null,
            },
            Experts = shape.FeedForward is MoeFeedForward moe ? Experts(layer, moe) : null,
            Input = architecture.LayerInputs is { } inputs ? LayerInput(layer, inputs) : null,
            Updates = architecture.Updates is { } updates ? Updates(layer, updates) : null,
            Scale = tensors.OptionalVector(WeightRole.LayerScale, layer, 1)?[0] ?? 1,
        };
    }

    private AttentionWeights Attention(int layer, AttentionMixer mixer)
    {
        int queries = mixer.Heads * mixer.HeadDim, keys = mixer.KvHeads * mixer.HeadDim, values = mixer.KvHeads * mixer.ValueHeadDim;
        int q = LoraSites.Index(layer, LoraSite.Query), k = LoraSites.Index(layer, LoraSite.Key),
            v = LoraSites.Index(layer, LoraSite.Value);
        bool fused = !tensors.Has(WeightRole.Query, layer) && tensors.Has(WeightRole.FusedQueryKeyValue, layer);
        int total = queries + keys + values;
        Projection Input(WeightRole role, int firstRow, int rows, int site) => fused
            ? tensors.Part(WeightRole.FusedQueryKeyValue, layer, firstRow, rows, total, Hidden, site)
            : tensors.Projection(role, layer, rows, Hidden, site, mixer.QkvBias);
        return new AttentionWeights(
            Input(WeightRole.Query, 0, queries, q),
            mixer.ReusesCache ? null : Input(WeightRole.Key, queries, keys, k),
            mixer.ReusesCache || mixer.ValuesAreKeys ? null : Input(WeightRole.Value, queries + keys, values, v),
            tensors.Projection(
                WeightRole.AttentionOutput, layer, Hidden, mixer.Heads * mixer.ValueHeadDim,
                LoraSites.Index(layer, LoraSite.Output), mixer.OutputBias))
        {
            QueryNorm = tensors.HeadNorm(WeightRole.QueryNorm, layer, mixer.QkNorm, mixer.Heads, mixer.HeadDim),
            KeyNorm = mixer.ReusesCache ? null : tensors.HeadNorm(WeightRole.KeyNorm, layer, mixer.QkNorm, mixer.KvHeads, mixer.HeadDim),
            Gate = mixer.OutputGate
                ? tensors.Projection(WeightRole.AttentionGate, layer, mixer.Heads * mixer.ValueHeadDim, Hidden)
                : null,
            Sinks = mixer.AttentionSink ? tensors.Vector(WeightRole.AttentionSinks, layer, mixer.Heads) : null,
        };
    }

    private LatentWeights Latent(int layer, LatentAttentionMixer mixer)
    {
        int queries = mixer.Heads * (mixer.NopeHeadDim + mixer.RopeHeadDim);
        Projection[] Heads(WeightRole role, int rows, int columns) => [.. Enumerable.Range(0, mixer.Heads)
            .Select(head => tensors.Expert(role, layer, head, mixer.Heads, rows, columns, needsBias: false))];
        Projection[] FromFused(int first, int rows, bool turned) => [.. Enumerable.Range(0, mixer.Heads)
            .Select(head => new Projection(tensors.Decoded(
                WeightRole.LatentUp, layer, mixer.Heads * (mixer.NopeHeadDim + mixer.ValueHeadDim), mixer.KvRank,
                (head * (mixer.NopeHeadDim + mixer.ValueHeadDim)) + first, rows, turned)))];
        bool isFused = !tensors.Has(WeightRole.KeyUp, layer) && tensors.Has(WeightRole.LatentUp, layer);
        bool isCompressed = mixer.QueryRank > 0;
        return new LatentWeights(
            isCompressed
                ? tensors.Projection(WeightRole.QueryUp, layer, queries, mixer.QueryRank)
                : tensors.Projection(WeightRole.Query, layer, queries, Hidden),
            tensors.Projection(WeightRole.LatentDown, layer, mixer.KvRank + mixer.RopeHeadDim, Hidden, needsBias: mixer.Bias),
            tensors.Vector(WeightRole.LatentNorm, layer, mixer.KvRank),
            isFused ? FromFused(0, mixer.NopeHeadDim, turned: true) : Heads(WeightRole.KeyUp, mixer.KvRank, mixer.NopeHeadDim),
            isFused
                ? FromFused(mixer.NopeHeadDim, mixer.ValueHeadDim, turned: false)
                : Heads(WeightRole.ValueUp, mixer.ValueHeadDim, mixer.KvRank),
            tensors.Projection(WeightRole.AttentionOutput, layer, Hidden, mixer.Heads * mixer.ValueHeadDim, needsBias: mixer.Bias))
        {
            QueryDown = isCompressed
                ? tensors.Projection(WeightRole.QueryDown, layer, mixer.QueryRank, Hidden, needsBias: mixer.Bias)
                : null,
            QueryNorm = isCompressed ? tensors.Vector(WeightRole.QueryDownNorm, layer, mixer.QueryRank) : [],
        };
    }

    private RecurrentWeights Delta(int layer, GatedDeltaMixer mixer)
    {
        int keys = mixer.KeyHeads * mixer.KeyHeadDim, values = mixer.ValueHeads * mixer.ValueHeadDim, channels = (2 * keys) + values;
        Projection Matrix(WeightRole role, int rows) => tensors.Projection(role, layer, rows, Hidden);
        return new RecurrentWeights(
            Matrix(WeightRole.StateInput, channels), tensors.Projection(WeightRole.StateOutput, layer, Hidden, values),
            Taps(layer, channels, mixer.ConvolutionTaps))
        {
            Gate = Matrix(WeightRole.StateGate, values),
            Beta = Matrix(WeightRole.StateBeta, mixer.ValueHeads),
            Decay = Matrix(WeightRole.StateDecay, mixer.ValueHeads),
            Rates = tensors.Rates(layer, mixer.ValueHeads),
            StepBias = tensors.Vector(WeightRole.StateStepBias, layer, mixer.ValueHeads),
            Norm = tensors.Vector(WeightRole.StateNorm, layer, mixer.ValueHeadDim),
        };
    }

    private RecurrentWeights Mamba(int layer, MambaMixer mixer)
    {
        int inner = mixer.Heads * mixer.HeadDim, channels = inner + (2 * mixer.Groups * mixer.StateSize);
        return new RecurrentWeights(
            tensors.Projection(
                WeightRole.StateInput, layer, inner + channels + mixer.Heads, Hidden, needsBias: mixer.ProjectionBias),
            tensors.Projection(WeightRole.StateOutput, layer, Hidden, inner, needsBias: mixer.ProjectionBias),
            Taps(layer, channels, mixer.ConvolutionTaps))
        {
            TapBias = mixer.ConvolutionBias ? tensors.BiasOf(WeightRole.StateConvolution, layer, channels) : null,
            Rates = tensors.Rates(layer, mixer.Heads),
            StepBias = tensors.Vector(WeightRole.StateStepBias, layer, mixer.Heads),
            Skip = tensors.Vector(WeightRole.StateSkip, layer, mixer.Heads),
            Norm = mixer.GatedNorm ? tensors.Vector(WeightRole.StateNorm, layer, inner) : null,
        };
    }

    private RecurrentWeights ShortConvolution(int layer, RecurrentMixer mixer) => new(
        tensors.Projection(WeightRole.StateInput, layer, 3 * Hidden, Hidden, needsBias: mixer.ConvolutionBias),
        tensors.Projection(WeightRole.StateOutput, layer, Hidden, Hidden, needsBias: mixer.ConvolutionBias),
        Taps(layer, mixer.ConvolutionChannels, mixer.ConvolutionTaps))
    {
        TapBias = mixer.ConvolutionBias ? tensors.BiasOf(WeightRole.StateConvolution, layer, mixer.ConvolutionChannels) : null,
    };

    // Files have [channels, 1, taps]; rows of channels are what vectors run over.
    private float[] Taps(int layer, int channels, int taps)
    {
        float[] stored = tensors.Vector(WeightRole.StateConvolution, layer, channels * taps);
        float[] result = new float[stored.Length];
        for (int channel = 0; channel < channels; channel++)
        {
            for (int tap = 0; tap < taps; tap++)
            {
                result[(tap * channels) + channel] = stored[(channel * taps) + tap];
            }
        }

        return result;
    }

    private FeedForwardWeights Dense(int layer, DenseFeedForward dense)
    {
        int width = dense.IntermediateSize;
        int gate = LoraSites.Index(layer, LoraSite.Gate), up = LoraSites.Index(layer, LoraSite.Up);
        Projection down = tensors.Projection(
            WeightRole.Down, layer, Hidden, width, LoraSites.Index(layer, LoraSite.Down), dense.Bias);
        if (!dense.Gated)
        {
            return new FeedForwardWeights(null, tensors.Projection(WeightRole.Up, layer, width, Hidden, up, dense.Bias), down)
            {
                Slopes = dense.Activation == ActivationKind.XIelu ? Slopes(layer, dense) : default,
            };
        }

        bool fused = !tensors.Has(WeightRole.Gate, layer) && tensors.Has(WeightRole.FusedGateUp, layer);
        return new FeedForwardWeights(
            fused
                ? tensors.Part(WeightRole.FusedGateUp, layer, 0, width, 2 * width, Hidden, gate)
                : tensors.Projection(WeightRole.Gate, layer, width, Hidden, gate, dense.Bias),
            fused
                ? tensors.Part(WeightRole.FusedGateUp, layer, width, width, 2 * width, Hidden, up)
                : tensors.Projection(WeightRole.Up, layer, width, Hidden, up, dense.Bias),
            down);
    }

    // Files hold what softplus makes positive; below zero the slope at zero is added (arXiv:2411.13010).
    private (float Positive, float Negative) Slopes(int layer, DenseFeedForward dense)
    {
        static double Softplus(double x) => x > 30 ? x : Math.Log(1 + Math.Exp(x));
        double positive = dense.Slopes.Count > 1 ? dense.Slopes[0] : tensors.Vector(WeightRole.ActivationPositive, layer, 1)[0];
        double negative = dense.Slopes.Count > 1 ? dense.Slopes[1] : tensors.Vector(WeightRole.ActivationNegative, layer, 1)[0];
        return ((float)Softplus(positive), (float)(Kernels.Elementwise.PlainActivation.XIeluSlope + Softplus(negative)));
    }

    private ExpertWeights Experts(int layer, MoeFeedForward moe)
    {
        int width = moe.ExpertIntermediateSize, shared = moe.SharedIntermediateSize;
        Projection Matrix(WeightRole role, int expert, int rows, int columns) =>
            tensors.Expert(role, layer, expert, moe.Experts, rows, columns, moe.ExpertBias);
        FeedForwardWeights Expert(int expert) => new(
            moe.Gated ? Matrix(WeightRole.ExpertGate, expert, width, Hidden) : null,
            Matrix(WeightRole.ExpertUp, expert, width, Hidden),
            Matrix(WeightRole.ExpertDown, expert, Hidden, width));
        BesideWeights? beside = moe is { ParallelDenseIntermediateSize: > 0, ParallelDenseNorms: true } ? Beside(layer) : null;
        float[]? correction = tensors.OptionalVector(WeightRole.RouterCorrection, layer, moe.Experts);
        return new ExpertWeights(
            tensors.Projection(WeightRole.Router, layer, moe.Experts, Hidden, needsBias: moe.RouterBias && correction is null),
            [.. Enumerable.Range(0, moe.Experts).Select(Expert)],
            shared == 0 ? null : new FeedForwardWeights(
                moe.Gated ? tensors.Projection(WeightRole.SharedGate, layer, shared, Hidden) : null,
                tensors.Projection(WeightRole.SharedUp, layer, shared, Hidden),
                tensors.Projection(WeightRole.SharedDown, layer, Hidden, shared)),
            moe.SharedGate ? tensors.Projection(WeightRole.SharedExpertGate, layer, 1, Hidden) : null)
        {
            Correction = correction,
            Scales = beside is null ? null : tensors.OptionalVector(WeightRole.ExpertScale, layer, moe.Experts),
            Beside = beside,
        };
    }

    // The router's norm has no weight of its own; what follows it, a scale and the root of the width, are one factor for each channel.
    private BesideWeights Beside(int layer)
    {
        float[] scale = tensors.Vector(WeightRole.RouterScale, layer, Hidden);
        float root = 1 / MathF.Sqrt(Hidden);
        return new BesideWeights(
            new NormWeights([.. scale.Select(value => value * root)]), tensors.RmsNorm(WeightRole.ExpertNorm, layer, Hidden),
            tensors.RmsNorm(WeightRole.PostExpertNorm, layer, Hidden), tensors.RmsNorm(WeightRole.PostDenseNorm, layer, Hidden));
    }
}
