namespace Inferometer.Core.Tests;

public sealed class FileFaultTests
{
    [Fact]
    public void A_file_that_cannot_be_read_is_told_of_in_this_programs_words()
    {
        string folder = Path.GetTempPath();
        string missing = Path.Combine(folder, "no-such-file-of-this-test");
        Assert.Equal("there is no such file.", Fault(missing));
        Assert.Equal("its folder does not exist.", Fault(Path.Combine(missing, "file")));
        Assert.Equal("it is a folder.", Fault(folder));
        Assert.Equal("other words", FileFault.Describe(new IOException("other words"), missing));
    }

    [Fact]
    public void A_json_text_that_breaks_off_is_told_to()
    {
        Exception error = Record.Exception(() => System.Text.Json.JsonDocument.Parse("{\n"))!;
        Assert.Equal("line 2, column 1: it ends before an object or a list that it opened is closed.", JsonFault.Describe(error));
    }

    private static string Fault(string path) => FileFault.Describe(Record.Exception(() => File.ReadAllText(path))!, path);
}
