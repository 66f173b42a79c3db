using System.Text.Json;
using Inferometer.Server.Wire;

namespace Inferometer.Server.Tests.Wire;

public sealed class RequestFieldsTests
{
    private static RequestFields Of(string json) => RequestFields.Of(JsonElement.Parse(json));

    [Fact]
    public void Values_are_read_and_null_counts_as_left_out()
    {
        RequestFields fields = Of("""{"a":"text","b":true,"c":3,"d":0.5,"e":null,"f":{"g":1}}""");
        Assert.Equal("text", fields.Text("a"));
        Assert.True(fields.Flag("b"));
        Assert.Equal(3, fields.Count("c", 0));
        Assert.Equal(0.5f, fields.Number("d", 0, 1));
        Assert.Null(fields.Text("e"));
        Assert.Null(fields.Text("nothing"));
        Assert.Equal(1, fields.Object("f")!.Count("g", 0));
        fields.RequireNothingElse();
    }

    [Fact]
    public void What_nobody_asked_for_is_refused_by_name()
    {
        RequestFields fields = Of("""{"known":1,"unknown":2}""");
        fields.Ignore("known");
        ApiException error = Assert.Throws<ApiException>(fields.RequireNothingElse);
        Assert.Equal("unknown", error.Param);
        Assert.Equal(400, error.Status);
    }

    [Theory]
    [InlineData("""{"x":1e400}""")]
    [InlineData("""{"x":"1"}""")]
    [InlineData("""{"x":2}""")]
    [InlineData("""{"x":[]}""")]
    public void A_number_out_of_range_or_of_another_kind_is_told_with_the_range(string json)
    {
        ApiException error = Assert.Throws<ApiException>(() => Of(json).Number("x", 0, 1));
        Assert.Contains("from 0 to 1", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("16", 16)]
    [InlineData("16.0", 16)]
    [InlineData("1.6e1", 16)]
    [InlineData("-0.0", 0)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("9223372036854775807.0", long.MaxValue)]
    public void A_whole_number_may_be_written_with_a_point(string written, long value) =>
        Assert.Equal(value, Of($$"""{"x":{{written}}}""").Whole("x", 0, long.MaxValue));

    [Theory]
    [InlineData("16.5")]
    [InlineData("1e-1")]
    [InlineData("9223372036854775808")]
    [InlineData("1e300")]
    [InlineData("true")]
    [InlineData("\"16\"")]
    public void Another_number_is_none(string written)
    {
        ApiException error = Assert.Throws<ApiException>(() => Of($$"""{"x":{{written}}}""").Whole("x", 0, long.MaxValue));
        Assert.Contains("a whole number, 0 or more", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_value_is_cut_in_the_message()
    {
        string json = $$"""{"x":"{{new string('a', 5000)}}"}""";
        Assert.True(Assert.Throws<ApiException>(() => Of(json).Flag("x")).Message.Length < 200);
    }

    [Fact]
    public void What_is_not_there_is_missing()
    {
        string message = Of("{}").Wrong("content", "a text").Message;
        Assert.Contains("content is missing; it must be a text.", message, StringComparison.Ordinal);
        Assert.Contains("content: 3 is not allowed; it must be a text.", Of("""{"content":3}""").Wrong("content", "a text").Message,
            StringComparison.Ordinal);
    }
}
