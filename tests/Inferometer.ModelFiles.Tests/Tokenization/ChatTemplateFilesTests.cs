using System.Text.Json;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.ModelFiles.Tests.Tokenization;

public sealed class ChatTemplateFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private IReadOnlyDictionary<string, string> Read(string config = "{}") =>
        ChatTemplateFiles.Read(_folder, JsonDocument.Parse(config).RootElement);

    [Fact]
    public void The_template_files_of_a_folder_have_their_names()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "additional_chat_templates"));
        File.WriteAllText(Path.Combine(_folder, "chat_template.jinja"), "d");
        File.WriteAllText(Path.Combine(_folder, "additional_chat_templates", "tool_use.jinja"), "t");
        IReadOnlyDictionary<string, string> templates = Read("""{"chat_template": "other"}""");
        Assert.Equal(("d", "t", 2), (templates["default"], templates["tool_use"], templates.Count));
    }

    [Fact]
    public void The_tokenizer_settings_hold_one_template_or_several()
    {
        Assert.Equal("x", Read("""{"chat_template": "x"}""")["default"]);
        IReadOnlyDictionary<string, string> named = Read("""{"chat_template": [{"name": "rag", "template": "r"}, {"name": "default", "template": "d"}]}""");
        Assert.Equal(("d", "r"), (named["default"], named["rag"]));
        Assert.Empty(Read());
    }

    [Fact]
    public void The_file_of_the_processor_is_the_last_place_and_may_be_faulty()
    {
        File.WriteAllText(Path.Combine(_folder, "chat_template.json"), """{"chat_template": "p"}""");
        Assert.Equal("p", Read()["default"]);
        Assert.Equal("c", Read("""{"chat_template": "c"}""")["default"]);
        File.WriteAllText(Path.Combine(_folder, "chat_template.json"), "{");
        Assert.Empty(Read());
    }
}
