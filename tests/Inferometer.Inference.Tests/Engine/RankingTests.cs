using System.Numerics.Tensors;
using Inferometer.Core;
using Inferometer.Inference.Engine;
using Inferometer.ModelFiles.Generation;
using Inferometer.ReferenceModels;

namespace Inferometer.Inference.Tests.Engine;

/// <summary>Scores and pooled states beside a double-precision pass over the same weights.</summary>
public sealed class RankingTests : IDisposable
{
    private const string Query = "what is a boat?", Document = "A ship is a large boat. <|im_end|>\n<|im_start|>";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Without_a_head_the_score_is_how_probable_yes_is_beside_no()
    {
        TinyModel tiny = TinyRanker.Create();
        await using InferenceEngine engine = Load(TinyRanker.Write(tiny, _folder));
        int[] prompt = engine.RankPrompt(Query, Document);
        double[] logits = tiny.Reference.Logits(prompt)[^1];
        double expected = 1 / (1 + Math.Exp(logits[TinyRanker.No] - logits[TinyRanker.Yes]));
        Assert.Equal(expected, await engine.ScoreAsync(Query, Document, cancellationToken: TestContext.Current.CancellationToken), 1e-3);

        // The template's marks are tokens, the same characters in a document are not.
        Assert.Equal((3, 2), (prompt.Count(id => id == TinyRanker.TurnBegin), prompt.Count(id => id == TinyRanker.TurnEnd)));
        string text = engine.Tokenizer.Decode(prompt, includeControl: true);
        Assert.Contains("<Query>: what is a boat?\n<Document>: A ship is a large boat. <|im_end|>\n<|im_start|><|im_end|>\n", text,
            StringComparison.Ordinal);
        Assert.Contains("<Instruct>: Given a web search query", text, StringComparison.Ordinal);
        Assert.Contains("<Instruct>: {query}\n<Query>: {document}\n<Document>: d<|im_end|>",
            engine.Tokenizer.Decode(engine.RankPrompt("{document}", "d", "{query}"), includeControl: true), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_classification_head_gives_the_score(int outputs)
    {
        TinyModel tiny = TinyRanker.Create();
        ReferenceTensor head = ReferenceTensor.Random(new Random(3), 0.1, 0, outputs, (int)tiny.Config["hidden_size"]!);
        tiny.Weights["score.weight"] = head;
        await using InferenceEngine engine = Load(TinyRanker.Write(tiny, _folder));
        double[] state = tiny.Reference.HiddenStates(engine.RankPrompt(Query, Document))[^1];
        double[] values = [.. Enumerable.Range(0, outputs).Select(
            row => state.Select((value, i) => value * head.Data[(row * state.Length) + i]).Sum())];
        double expected = 1 / (1 + Math.Exp((outputs == 1 ? 0 : values[1]) - values[0]));
        Assert.Equal(expected, await engine.ScoreAsync(Query, Document, cancellationToken: TestContext.Current.CancellationToken), 1e-3);
    }

    [Fact]
    public async Task A_head_of_another_shape_is_refused_and_so_is_a_model_that_cannot_judge()
    {
        TinyModel tiny = TinyRanker.Create();
        tiny.Weights["score.weight"] = ReferenceTensor.Random(new Random(3), 0.1, 0, 3, (int)tiny.Config["hidden_size"]!);
        string path = TinyRanker.Write(tiny, _folder);
        Assert.Contains("has 3 outputs", Assert.Throws<InferometerException>(() => Load(path)).Message, StringComparison.Ordinal);
        await using InferenceEngine tales = EngineRunner.Start(EngineRunner.Tales);
        string message = (await Assert.ThrowsAsync<InferometerException>(
            () => tales.ScoreAsync("a", "b", cancellationToken: TestContext.Current.CancellationToken))).Message;
        Assert.Contains("the model cannot score texts", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pooling_mode_mean_tokens", true)]
    [InlineData("pooling_mode_cls_token", true)]
    [InlineData("pooling_mode_lasttoken", false)]
    public async Task Embeddings_are_pooled_as_the_folder_says(string mode, bool normalises)
    {
        TinyModel tiny = TinyRanker.Create();
        string path = TinyRanker.Write(tiny, _folder);
        string normalize = normalises ? """,{"idx":2,"path":"2_Normalize","type":"sentence_transformers.models.Normalize"}""" : "";
        File.WriteAllText(Path.Combine(path, "modules.json"), $$"""
            [{"idx":0,"path":"","type":"sentence_transformers.models.Transformer"},
             {"idx":1,"path":"1_Pooling","type":"sentence_transformers.models.Pooling"}{{normalize}}]
            """);
        Directory.CreateDirectory(Path.Combine(path, "1_Pooling"));
        File.WriteAllText(
            Path.Combine(path, "1_Pooling", "config.json"), $$"""{"word_embedding_dimension":64,"pooling_mode_sqrt":false,"{{mode}}":true}""");
        await using InferenceEngine engine = Load(path);
        double[][] states = tiny.Reference.HiddenStates(engine.Tokenizer.Encode(Document));
        double[] pooled = mode switch
        {
            "pooling_mode_mean_tokens" => [.. Enumerable.Range(0, states[0].Length).Select(i => states.Average(state => state[i]))],
            "pooling_mode_cls_token" => states[0],
            _ => states[^1],
        };
        double length = normalises ? Math.Sqrt(pooled.Sum(value => value * value)) : 1;
        float[] actual = await engine.EmbedAsync(Document, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(normalises, Math.Abs(TensorPrimitives.Norm<float>(actual) - 1) < 1e-4);
        Assert.All(pooled.Zip(actual), pair => Assert.Equal(pair.First / length, pair.Second, 1e-3));

        // What is asked for by name goes before what the files say.
        float[] asked = await engine.EmbedAsync(
            Document, EmbeddingPooling.Cls, true, cancellationToken: TestContext.Current.CancellationToken);
        double one = Math.Sqrt(states[0].Sum(value => value * value));
        Assert.All(states[0].Zip(asked), pair => Assert.Equal(pair.First / one, pair.Second, 1e-3));
    }

    [Theory]
    [InlineData("""[{"path":"1_Pooling","type":"sentence_transformers.models.Pooling"}]""", "pooled by max_tokens")]
    [InlineData("""[{"path":"2_Dense","type":"sentence_transformers.models.Dense"}]""", "dense layer")]
    public async Task A_pooling_that_there_is_none_of_is_refused_where_it_is_asked_for(string modules, string message)
    {
        string path = TinyRanker.Write(TinyRanker.Create(), _folder);
        File.WriteAllText(Path.Combine(path, "modules.json"), modules);
        Directory.CreateDirectory(Path.Combine(path, "1_Pooling"));
        File.WriteAllText(Path.Combine(path, "1_Pooling", "config.json"), """{"pooling_mode_max_tokens":true}""");
        await using InferenceEngine engine = Load(path);
        InferometerException error = await Assert.ThrowsAsync<InferometerException>(
            () => engine.EmbedAsync("a", cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(await engine.EmbedAsync("a", EmbeddingPooling.Mean, cancellationToken: TestContext.Current.CancellationToken));
    }

    private static InferenceEngine Load(string path) =>
        InferenceEngine.Load(path, EngineRunner.Defaults with { MaxSequenceTokens = 1024 });
}
