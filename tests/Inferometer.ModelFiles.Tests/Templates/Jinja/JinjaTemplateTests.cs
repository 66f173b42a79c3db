using Inferometer.Core;

namespace Inferometer.ModelFiles.Tests.Templates.Jinja;

/// <summary>Each statement, operator, filter, test and method against what jinja2 3.1 gives.</summary>
public sealed class JinjaTemplateTests
{
    public static TheoryData<string> Expressions => [.. Templates("expressions")];

    public static TheoryData<string> Filters => [.. Templates("filters")];

    public static TheoryData<string> Tests => [.. Templates("tests")];

    public static TheoryData<string> Methods => [.. Templates("methods")];

    public static TheoryData<string> Statements => [.. Templates("statements")];

    public static TheoryData<string> WhiteSpace => [.. Templates("white space")];

    private static IEnumerable<string> Templates(string group) =>
        JinjaCases.Of(group).Select(item => item.Template).Distinct(StringComparer.Ordinal);

    [Theory]
    [MemberData(nameof(Expressions))]
    public void An_expression_gives_what_jinja2_gives(string template) => Check("expressions", template);

    [Theory]
    [MemberData(nameof(Filters))]
    public void A_filter_gives_what_jinja2_gives(string template) => Check("filters", template);

    [Theory]
    [MemberData(nameof(Tests))]
    public void A_test_holds_when_it_does_in_jinja2(string template) => Check("tests", template);

    [Theory]
    [MemberData(nameof(Methods))]
    public void A_method_gives_what_Python_gives(string template) => Check("methods", template);

    [Theory]
    [MemberData(nameof(Statements))]
    public void A_statement_does_what_it_does_in_jinja2(string template) => Check("statements", template);

    [Theory]
    [MemberData(nameof(WhiteSpace))]
    public void White_space_stays_or_goes_as_in_jinja2(string template) => Check("white space", template);

    private static void Check(string group, string template)
    {
        string? expected = JinjaCases.Of(group).First(item => string.Equals(item.Template, template, StringComparison.Ordinal)).Expected;
        if (expected is null)
        {
            string message = Assert.Throws<InferometerException>(() => JinjaCases.Render(template)).Message;
            Assert.Matches("^case, line [0-9]+, column [0-9]+: .", message);
        }
        else
        {
            Assert.Equal(expected, JinjaCases.Render(template));
        }
    }
}
