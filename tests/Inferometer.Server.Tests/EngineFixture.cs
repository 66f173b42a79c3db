using Inferometer.Inference.Engine;
using Inferometer.Measurement.Models;
using Inferometer.ModelFiles;
using Inferometer.ModelFiles.Templates;
using Inferometer.Server.Generation;
using Inferometer.Tests;

namespace Inferometer.Server.Tests;

/// <summary>One engine over the bundled model, shared by the tests that do not care how it is set up.</summary>
public sealed class EngineFixture : IDisposable
{
    public const string ModelName = "tales";

    public EngineFixture() => Model = Load(new InferenceOptions { MaxBatchSize = 8, MaxSequenceTokens = 1024, Threads = 1 });

    public static string ModelPath { get; } = Path.Combine(SharedFolder.RepositoryRoot, "assets", "models", "tales-5m-q8_0.gguf");

    public ServedModel Model { get; }

    public InferenceEngine Engine => Model.Engine;

    /// <summary>A model with an engine of its own; whoever asks for it disposes of the engine.</summary>
    public static ServedModel Load(InferenceOptions options) => Load(ModelPath, options);

    /// <inheritdoc cref="Load(InferenceOptions)"/>
    public static ServedModel Load(string path, InferenceOptions options)
    {
        var checkpoint = Checkpoint.Open(path);
        var files = StoredModel.Read(checkpoint);
        var engine = InferenceEngine.Load(checkpoint, options);
        return new ServedModel
        {
            Engine = engine,
            Name = ModelName,
            Aliases = ["old-tales"],
            Files = files,
            Template = ChatTemplate.For(engine.Tokenizer),
        };
    }

    public void Dispose() => Engine.Dispose();
}

/// <summary>Tests that use the shared engine follow one another: some of them look at what it holds.</summary>
[CollectionDefinition(Name)]
public sealed class EngineTests : ICollectionFixture<EngineFixture>
{
    public const string Name = "engine";
}
