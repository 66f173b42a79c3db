using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.Inference.Engine;
using Inferometer.ModelFiles.Conversion;
using Inferometer.ReferenceModels;

namespace Inferometer.Inference.Tests.Engine;

/// <summary>Vectors and scores of encoders through the engine, beside a double-precision pass over the same weights.</summary>
public sealed class EncoderEngineTests : IDisposable
{
    private const string Query = "is a boat large?", Document = "a ship is a large boat. boats";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("bert", false)]
    [InlineData("bert", true)]
    [InlineData("xlm-roberta", false)]
    [InlineData("xlm-roberta", true)]
    [InlineData("modernbert", true)]
    public async Task Vectors_are_those_of_the_reference_however_many_texts_are_asked_for_at_once(string family, bool fromGguf)
    {
        EncoderModel tiny = new(EncoderSpec.All[family]);
        string path = Write(tiny, fromGguf, pooling: "pooling_mode_cls_token");
        await using InferenceEngine engine = Load(path);
        string[] longer = [.. Enumerable.Range(1, 6).Select(i => string.Concat(Enumerable.Repeat("a ship is large. ", i)))];
        string[] texts = [Document, Query, .. longer];
        IDisposable held = engine.Hold();
        Task<float[]>[] asked =
            [.. texts.Select(text => engine.EmbedAsync(text, cancellationToken: TestContext.Current.CancellationToken))];
        held.Dispose();
        EncoderForward reference = new(tiny);
        foreach ((string text, Task<float[]> vector) in texts.Zip(asked))
        {
            int[] tokens = engine.Tokenizer.Encode(text);
            double[] state = reference.States(tokens)[0];
            double length = Math.Sqrt(state.Sum(value => value * value));
            Assert.All(state.Zip(await vector), pair => Assert.Equal(pair.First / length, pair.Second, 1e-5));
        }

        Assert.True(engine.Statistics.MaxBatchSizeSeen > 1);
    }

    [Theory]
    [InlineData("bert with a head", false)]
    [InlineData("bert with a head", true)]
    [InlineData("xlm-roberta with a head", false)]
    [InlineData("xlm-roberta with a head", true)]
    [InlineData("modernbert with a head", false)]
    [InlineData("modernbert with a head", true)]
    public async Task A_pair_is_scored_by_the_head_of_the_files(string family, bool fromGguf)
    {
        EncoderModel tiny = new(EncoderSpec.All[family]);
        await using InferenceEngine engine = Load(Write(tiny, fromGguf));
        (int[] ids, int[] segments) = engine.Tokenizer.EncodePair(Query, Document);
        Assert.Equal(ids, engine.RankPrompt(Query, Document));
        Assert.Equal(tiny.Spec.Segments == 1 ? 0 : 1, segments[^1]);
        double output = new EncoderForward(tiny).Output(ids, tiny.Spec.Segments > 1 ? segments : []);
        float score = await engine.ScoreAsync(Query, Document, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(1 / (1 + Math.Exp(-output)), score, 1e-5);
    }

    [Fact]
    public async Task What_an_encoder_does_not_do_is_refused_by_its_kind()
    {
        EncoderModel tiny = new(EncoderSpec.All["bert"]);
        await using InferenceEngine engine = Load(Write(tiny, fromGguf: false));
        string generating = Assert.Throws<InferometerException>(
            () => engine.StreamAsync(EngineRunner.Greedy("a ship", 3), TestContext.Current.CancellationToken)).Message;
        Assert.Contains("('bert') is an encoder", generating, StringComparison.Ordinal);
        Assert.Contains("writes no text", generating, StringComparison.Ordinal);
        string scoring = (await Assert.ThrowsAsync<InferometerException>(
            () => engine.ScoreAsync("a", "b", cancellationToken: TestContext.Current.CancellationToken))).Message;
        Assert.Contains("the model cannot score texts: 'bert' is an encoder, and its files hold no classification head", scoring,
            StringComparison.Ordinal);
        await Assert.ThrowsAsync<RequestRejectedException>(
            () => engine.EmbedAsync(new string('?', EncoderSpec.Positions), cancellationToken: TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Labels_of_another_kind_leave_the_vectors()
    {
        EncoderModel tiny = new(EncoderSpec.All["bert"]);
        tiny.Weights["classifier.weight"] = ReferenceTensor.Random(new Random(1), 0.1, 0, 3, tiny.Spec.Hidden);
        await using InferenceEngine engine = Load(Write(tiny, fromGguf: false));
        Assert.NotEmpty(await engine.EmbedAsync("a ship", cancellationToken: TestContext.Current.CancellationToken));
        string message = (await Assert.ThrowsAsync<InferometerException>(
            () => engine.ScoreAsync("a", "b", cancellationToken: TestContext.Current.CancellationToken))).Message;
        Assert.Contains("has 3 outputs", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("qwen3", "Qwen3ForSequenceClassification")]
    [InlineData("llama", "LlamaForSequenceClassification")]
    public async Task A_decoder_with_a_classification_head_alone_scores_and_writes_no_text(string type, string published)
    {
        TinyModel tiny = TinyRanker.Create(type);
        tiny.Config["architectures"] = new System.Text.Json.Nodes.JsonArray(published);
        tiny.Config["tie_word_embeddings"] = false;
        tiny.Weights.Remove("lm_head.weight");
        ReferenceTensor head = ReferenceTensor.Random(new Random(3), 0.1, 0, 1, (int)tiny.Config["hidden_size"]!);
        tiny.Weights["score.weight"] = head;
        await using InferenceEngine engine = Load(TinyRanker.Write(tiny, _folder));
        double[] state = tiny.Reference.HiddenStates(engine.RankPrompt(Query, Document))[^1];
        double output = state.Zip(head.Data, (a, b) => a * b).Sum();
        Assert.Equal(
            1 / (1 + Math.Exp(-output)), await engine.ScoreAsync(Query, Document, cancellationToken: TestContext.Current.CancellationToken),
            1e-3);
        string message = Assert.Throws<InferometerException>(
            () => engine.StreamAsync(EngineRunner.Greedy("a", 1), TestContext.Current.CancellationToken)).Message;
        Assert.Contains($"('{type}') is a decoder without a head for tokens", message, StringComparison.Ordinal);
    }

    private string Write(EncoderModel tiny, bool fromGguf, string? pooling = null)
    {
        string path = tiny.WriteFolder(_folder);
        EncoderModel.WriteTokenizer(tiny.Spec, path);
        if (pooling is not null)
        {
            File.WriteAllText(Path.Combine(path, "modules.json"), """
                [{"path":"1_Pooling","type":"sentence_transformers.models.Pooling"},{"type":"sentence_transformers.models.Normalize"}]
                """);
            Directory.CreateDirectory(Path.Combine(path, "1_Pooling"));
            File.WriteAllText(Path.Combine(path, "1_Pooling", "config.json"), $$"""{"{{pooling}}":true}""");
        }

        if (!fromGguf)
        {
            return path;
        }

        string gguf = _folder.File("model.gguf");
        ModelConverter.Convert(path, gguf, GgmlType.F32, null, TestContext.Current.CancellationToken);
        return gguf;
    }

    private static InferenceEngine Load(string path) => InferenceEngine.Load(
        path, EngineRunner.Defaults with { MaxSequenceTokens = 1024, MaxTokensPerStep = 64 },
        cancellationToken: TestContext.Current.CancellationToken);
}
