using Inferometer.Core;
using Inferometer.ReferenceModels;

namespace Inferometer.ModelFiles.Tests;

public sealed class CheckpointTests
{
    [Fact]
    public void The_parts_of_a_folder_and_of_a_file_are_there_once()
    {
        using TemporaryFolder folder = new();
        var tiny = TinyModel.Create("llama");
        foreach (string path in (string[])[tiny.WriteFolder(folder), tiny.WriteGguf(folder)])
        {
            using var checkpoint = Checkpoint.Open(path);
            Assert.Equal(path, checkpoint.Path);
            Assert.Same(checkpoint.Architecture, checkpoint.Architecture);
            Assert.Same(checkpoint.Tensors, checkpoint.Tensors);
            Assert.Equal(64, checkpoint.Architecture.HiddenSize);
            Assert.NotEmpty(checkpoint.Tensors.Tensors);
            Assert.True(checkpoint.StoredBytes >= checkpoint.Tensors.Tensors.Sum(t => t.ByteCount));
            Assert.Equal(path.EndsWith(".gguf", StringComparison.Ordinal), checkpoint.Header is not null);
        }
    }

    [Fact]
    public void What_is_no_model_is_refused_with_what_is_wanted()
    {
        using TemporaryFolder folder = new();
        Assert.Contains("path is empty", Message(""), StringComparison.Ordinal);
        Assert.Contains("path is empty", Message("  "), StringComparison.Ordinal);
        Assert.Contains("cannot be read", Message(folder.File("missing.gguf")), StringComparison.Ordinal);
        Assert.Contains("holds no config.json; it must be", Message(folder.Create("empty")), StringComparison.Ordinal);
        folder.Write("model-q8_0.gguf", [1, 2, 3]);
        Assert.Contains("name one of them: model-q8_0.gguf", Message(folder.Path), StringComparison.Ordinal);
    }

    [Fact]
    public void A_part_that_is_missing_is_missed_when_it_is_asked_for()
    {
        using TemporaryFolder folder = new();
        string path = TinyModel.Create("llama").WriteFolder(folder);
        File.Delete(Path.Combine(path, "model.safetensors"));
        using var checkpoint = Checkpoint.Open(path);
        Assert.Equal(64, checkpoint.Architecture.HiddenSize);
        Assert.Throws<InferometerException>(() => checkpoint.Tensors);
        Assert.Throws<InferometerException>(() => checkpoint.Tokenizer);
    }

    private static string Message(string path) => Assert.Throws<InferometerException>(() => Checkpoint.Open(path)).Message;
}
