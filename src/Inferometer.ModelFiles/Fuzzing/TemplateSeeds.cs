using System.Text;
using System.Text.Json;
using Inferometer.ModelFiles.Templates;
using Inferometer.ModelFiles.Templates.Jinja.Evaluation;
using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Fuzzing;

/// <summary>Sound templates that use all of the language, and what they are run with.</summary>
internal static class TemplateSeeds
{
    /// <summary>Small enough that no input may allocate more than a fuzzed reader is allowed.</summary>
    public static readonly JinjaLimits Limits = new(Steps: 5_000, Size: 60_000, OutputLength: 20_000);

    public static IReadOnlyList<byte[]> All { get; } =
    [
        Seed("""
            {%- macro call(name, args={}) -%}{{ name ~ args|tojson(indent=2) }}{%- endmacro -%}
            {%- set ns = namespace(count=0, found=false) -%}
            {%- for message in messages if message.role != 'system' recursive -%}
              {%- set ns.count = ns.count + loop.index * 2 ** 3 // 4 % 5 - 1 -%}
              {%- if loop.first and not loop.last or message.content is string -%}
                {{ '<|' + message['role'] | upper ~ "|>\n" + (message.content or '')[1:-1:2] | trim }}
              {%- elif message.tool_calls is defined -%}
                {{ call(message.tool_calls[0].name, args=message.tool_calls[0].arguments) }}{% continue %}
              {%- else -%}{% break %}
              {%- endif -%}
            {%- else -%}none
            {%- endfor -%}
            {{ ns.count }} {{ 1 if ns.found else 'x' if add else none }}
            """),
        Seed("""
            {% set text %}{% filter upper | replace('A', 'b') %}a {{ items | map(attribute='n') | select('>', 1) | sort(reverse=true) | join(', ') }}{% endfilter %}{% endset %}
            {% raw %}{{ raw }}{% endraw %} {#- comment -#} {{ text.split(' ', 1)[-1].strip('x').startswith(('A', 'B')) }}
            {% for key, value in items[0] | dictsort %}{{ '%-5s|%05.2f' % (key, 1.5) }}{{ '{0:>8}{0!r}'.format(key) }}{% endfor %}
            {% generation %}{{ items | groupby('n') | list | length }}{{ items | tojson(sort_keys=true) }}{% endgeneration %}
            {% macro wrap(n) %}[{{ caller(n) }}]{% endmacro %}{% call(x) wrap(3) %}{{ x }}{% endcall %}{% with a = 1, b = 'é🙂\u00e9' %}{{ a < 2 <= 3 in [1, 3] and b is not none }}{% endwith %}
            {{ strftime_now('%d %b %Y') }}{{ [1, 2.5e3, -7 // 2] | sum | round(1) | int }}
            """),
        Seed("""
            {{ 'abc' * 3 }}{{ 'a b c'.replace(' ', '--').center(20, '*').title() }}{{ items | batch(2) | list }}{{ range(1, 20, 3) | list | reverse | first }}
            {{ 'one\ntwo' | indent(2) | wordcount }}{{ (1, 2) + (3,) }}{{ {'k': [1, {'x': none}]} }}{{ 'x' in 'xyz' }}{{ missing | default('d') }}
            """),
    ];

    public static IReadOnlyList<KeyValuePair<string, JinjaValue>> Variables { get; } = Read(
        """
        {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi there"}, {"role": "assistant", "content": null,
        "tool_calls": [{"name": "f", "arguments": {"a": 1.5, "b": [true, "x"]}}]}], "items": [{"n": 1, "m": "b"}, {"n": 3, "m": "a"}], "add": true}
        """);

    private static byte[] Seed(string template) => Encoding.UTF8.GetBytes(template);

    private static KeyValuePair<string, JinjaValue>[] Read(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return [.. document.RootElement.EnumerateObject()
            .Select(variable => KeyValuePair.Create(variable.Name, JsonValues.From(variable.Value)))];
    }
}
