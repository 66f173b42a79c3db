using System.Diagnostics;
using Inferometer.Core;
using Inferometer.ModelFiles.Templates.Jinja;
using Inferometer.ModelFiles.Templates.Jinja.Evaluation;

namespace Inferometer.ModelFiles.Tests.Templates.Jinja;

/// <summary>What messages say, and that no template runs on, outgrows memory or exhausts the stack.</summary>
public sealed class JinjaFailureTests
{
    private static readonly JinjaLimits Small = new(200_000, 1_000_000, 100_000);

    [Theory]
    [InlineData("ab\n  {{ missing.x }}", "case, line 2, column 13: 'missing' is undefined")]
    [InlineData("{{ n + 'a' }}", "case, line 1, column 6: unsupported operand type(s) for +: 'int' and 'str'")]
    [InlineData("\n\n{% if t %}", "case, line 3, column 1: 'if' is not closed: 'endif' is missing")]
    [InlineData("{% for x in l %}{% endif %}", "line 1, column 20: unknown tag 'endif' within 'for', which 'endfor' closes")]
    [InlineData("{{ raise_exception('No tools') }}", "case, line 1, column 19: the template refuses the conversation: No tools")]
    [InlineData("{{ 'abc }}", "case, line 1, column 4: the text literal does not end")]
    [InlineData("{{ n", "case, line 1, column 1: the tag does not end: '}}' is missing")]
    [InlineData("{# x", "case, line 1, column 1: the comment does not end")]
    [InlineData("{{ '\\xg1' }}", "case, line 1, column 5: the escape '\\x' needs 2 hexadecimal digits")]
    [InlineData("{{ s|nope }}", "case, line 1, column 6: no filter named 'nope'")]
    [InlineData("{% include 'x' %}", "'include' is not supported")]
    [InlineData("{{ l.append(1) }}", "templates cannot change lists and dictionaries")]
    [InlineData("{% macro f(a) %}{{ a.b.c }}{% endmacro %}\n{{ f({}) }}", "case, line 1, column 23: 'dict object' has no attribute 'b'")]
    [InlineData("{{ 1 $ 2 }}", "case, line 1, column 6: unexpected character '$'")]
    public void A_message_names_the_place_and_what_is_wrong(string template, string expected) =>
        Assert.Contains(expected, Assert.Throws<InferometerException>(() => JinjaCases.Render(template)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "steps")]
    [InlineData("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "nested more than 200 deep")]
    [InlineData("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", "nested more than 200 deep")]
    [InlineData("{{ 'a' * 1000000000 }}", "makes too much text")]
    [InlineData("{{ '%999999999d' % 1 }}", "100,000 characters")]
    [InlineData("{{ 'a'.center(999999999) }}", "makes too much text")]
    [InlineData("{{ [1] * 100000000 }}", "makes too much text")]
    [InlineData("{{ 'aaaaaaaaaa'.replace('', 'b' * 99999) }}", "makes too much text")]
    [InlineData("{% set ns = namespace(s='ab') %}{% for x in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}", "makes too much text")]
    [InlineData("{% set ns = namespace(s='ab') %}{% for x in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}", "makes too much text")]
    [InlineData("{% set ns = namespace(l=[1]) %}{% for x in range(99) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}", "")]
    [InlineData("{% set ns = namespace(l=[1]) %}{% for x in range(99) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l|tojson }}", "")]
    [InlineData(
        "{% set ns = namespace(l=[1], k=[1]) %}{% for x in range(99) %}{% set ns.l = [ns.l, ns.l] %}{% set ns.k = [ns.k, ns.k] %}{% "
            + "endfor %}{{ ns.l == ns.k }}", "steps")]
    [InlineData(
        "{% set ns = namespace(l=(1,)) %}{% for x in range(99) %}{% set ns.l = (ns.l, ns.l) %}{% endfor %}{{ {ns.l: 1} }}",
        "dictionary key")]
    [InlineData(
        "{% set ns = namespace(l=[1]) %}{% for x in range(30000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l|tojson }}",
        "nested too deeply")]
    [InlineData("{% set ns = namespace() %}{% set ns.a = ns %}{{ ns }}", "")]
    [InlineData("{{ 9 ** (9 ** 9) }}", "4,300 digits")]
    [InlineData("{{ 'abc' * 9999 * 9999 }}", "makes too much text")]
    [InlineData("{% for x in range(99999) %}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa{% endfor %}", "")]
    public void A_hostile_template_ends_early(string template, string part)
    {
        long started = Stopwatch.GetTimestamp();
        string message = Assert.Throws<InferometerException>(() =>
            JinjaTemplate.Parse(template, "case").Render([], TimeProvider.System, Small, TestContext.Current.CancellationToken)).Message;
        Assert.Contains(part, message, StringComparison.Ordinal);
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData("(", "1", ")")]
    [InlineData("[", "1", "]")]
    [InlineData("not ", "1", "")]
    [InlineData("-", "1", "")]
    [InlineData("1 if ", "1", "")]
    [InlineData("", "1", " + 1")]
    [InlineData("", "1", "|string")]
    [InlineData("", "x", ".x")]
    public void Deep_nesting_is_refused(string before, string inner, string after)
    {
        const int Depth = 500_000; // more than any stack holds: frames that the runtime has optimised are small
        string expression = string.Concat(Enumerable.Repeat(before, Depth)) + inner + string.Concat(Enumerable.Repeat(after, Depth));
        Assert.Throws<InferometerException>(() =>
            JinjaTemplate.Parse("{{ " + expression + " }}", "case")
                .Render([], TimeProvider.System, Small, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Deeply_nested_tags_are_refused() => Assert.Throws<InferometerException>(() => JinjaTemplate.Parse(
        string.Concat(Enumerable.Repeat("{% if t %}", 200_000)) + string.Concat(Enumerable.Repeat("{% endif %}", 200_000)), "case"));

    [Fact]
    public void A_rendering_can_be_cancelled()
    {
        using CancellationTokenSource cancelled = new();
        cancelled.Cancel();
        var template = JinjaTemplate.Parse("{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}", "case");
        Assert.Throws<OperationCanceledException>(() => template.Render([], TimeProvider.System, cancellationToken: cancelled.Token));
    }
}
