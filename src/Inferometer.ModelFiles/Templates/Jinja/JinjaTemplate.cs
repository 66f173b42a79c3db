using System.Globalization;
using Inferometer.Core;
using Inferometer.ModelFiles.Templates.Jinja.Evaluation;
using Inferometer.ModelFiles.Templates.Jinja.Syntax;
using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Templates.Jinja;

/// <summary>
/// A Jinja template, run as Hugging Face's transformers runs chat templates: jinja2's immutable sandbox with <c>trim_blocks</c>,
/// <c>lstrip_blocks</c>, loop controls and <c>generation</c> blocks. Values are a closed set of types, and what a rendering may use is
/// limited, so that templates from strangers can be run. Immutable and thread-safe.
/// </summary>
internal sealed class JinjaTemplate
{
    private readonly string _name;
    private readonly string _source;
    private readonly Statement[] _body;

    private JinjaTemplate(string name, string source, Statement[] body)
    {
        _name = name;
        _source = source;
        _body = body;
    }

    /// <summary>The text it was read from.</summary>
    public string Source => _source;

    /// <summary>Reads a template.</summary>
    /// <param name="source">Its text.</param>
    /// <param name="name">What messages call it.</param>
    /// <exception cref="InferometerException">The text is no template; names line and column.</exception>
    public static JinjaTemplate Parse(string source, string name)
    {
        source = Lexer.Normalize(source);
        try
        {
            return new JinjaTemplate(name, source, TemplateParser.Parse(source));
        }
        catch (JinjaException error)
        {
            throw Located(name, source, error, 0);
        }
    }

    /// <summary>Runs the template.</summary>
    /// <param name="variables">What it may name besides the functions that all templates have.</param>
    /// <param name="clock">Tells <c>strftime_now</c> the time.</param>
    /// <param name="limits">What the rendering may use; null = <see cref="JinjaLimits.Default"/>.</param>
    /// <param name="cancellationToken">Ends the rendering early.</param>
    /// <exception cref="InferometerException">The template fails or refuses; names line and column.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public string Render(
        IEnumerable<KeyValuePair<string, JinjaValue>> variables,
        TimeProvider clock,
        JinjaLimits? limits = null,
        CancellationToken cancellationToken = default)
    {
        var interpreter = new Interpreter(limits ?? JinjaLimits.Default, clock, cancellationToken);
        var globals = new Scope(null);
        Globals.AddTo(globals, interpreter);
        var context = new Scope(globals);
        foreach ((string name, JinjaValue value) in variables)
        {
            context.Set(name, value);
        }

        try
        {
            return interpreter.Run(_body, new Scope(context));
        }
        catch (JinjaException error)
        {
            throw Located(_name, _source, error, interpreter.Offset);
        }
    }

    private static InferometerException Located(string name, string source, JinjaException error, int offset)
    {
        ReadOnlySpan<char> before = source.AsSpan(0, Math.Clamp(error.Offset ?? offset, 0, source.Length));
        int line = before.Count('\n') + 1, column = before.Length - before.LastIndexOf('\n');
        string what = error.IsRaisedByTemplate ? "the template refuses the conversation: " : "";
        return new InferometerException(string.Create(CultureInfo.InvariantCulture,
            $"{name}, line {line}, column {column}: {what}{error.Message}"), error);
    }
}
