using Inferometer.ModelFiles.Templates;
using Inferometer.Server.Generation;

namespace Inferometer.Server.Tests;

/// <summary>
/// The bundled model behind a template with tools and reasoning. It knows nothing of either: what it must write it is held to, and prompts
/// can show what the template was given.
/// </summary>
internal static class ToolModel
{
    private const string Turns = """
        {%- for tool in tools or [] %}{{ tool | tojson }}
        {% endfor %}{%- for message in messages %}{{ message.role }}: {{ ('(' ~ message.reasoning_content ~ ')') if message.reasoning_content }}{{ message.content }}{% for call in message.tool_calls or [] %}[call {{ call.id }} {{ call.function.name }} {{ call.function.arguments | tojson }}]{% endfor %}{{ ('<' ~ message.tool_call_id ~ ' ' ~ message.name ~ '>') if message.role == 'tool' }}
        {% endfor %}{{ 'assistant:' ~ (' <think>' if enable_thinking else '') if add_generation_prompt }}
        """;

    /// <summary>A model that writes calls between tags, as Qwen's and Hermes' do, and reasons where it is told to.</summary>
    /// <param name="fixture">The model.</param>
    /// <param name="marks">What a template's source has of how calls are written.</param>
    public static ServedModel Of(EngineFixture fixture, string marks = "<tool_call></tool_call><think></think>") => fixture.Model with
    {
        Template = ChatTemplate.Parse("{#" + marks + "#}" + Turns, "test template", fixture.Engine.Tokenizer),
    };
}
