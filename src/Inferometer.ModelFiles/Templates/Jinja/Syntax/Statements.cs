namespace Inferometer.ModelFiles.Templates.Jinja.Syntax;

/// <summary>A statement and its place in the source.</summary>
internal abstract record Statement(int Offset);

/// <summary>Text outside of tags.</summary>
internal sealed record TextStatement(int Offset, string Text) : Statement(Offset);

/// <summary><c>{{ a }}</c></summary>
internal sealed record PrintStatement(int Offset, Expression Value) : Statement(Offset);

internal sealed record IfStatement(int Offset, (Expression Test, Statement[] Body)[] Branches, Statement[] Otherwise) : Statement(Offset);

/// <param name="Offset">Place in the source.</param>
/// <param name="Target">What each element is assigned to.</param>
/// <param name="Source">What is gone through.</param>
/// <param name="Filter">Elements for which it is false are left out.</param>
/// <param name="Body">Done for each element.</param>
/// <param name="Otherwise">Done when no element came to the end of the body.</param>
/// <param name="IsRecursive">The body may call <c>loop</c> with another source.</param>
internal sealed record ForStatement(
    int Offset, Target Target, Expression Source, Expression? Filter, Statement[] Body, Statement[] Otherwise, bool IsRecursive)
        : Statement(Offset);

internal sealed record BreakStatement(int Offset) : Statement(Offset);

internal sealed record ContinueStatement(int Offset) : Statement(Offset);

internal sealed record SetStatement(int Offset, Target Target, Expression Value) : Statement(Offset);

/// <summary><c>{% set a %}text{% endset %}</c></summary>
internal sealed record SetBlockStatement(int Offset, Target Target, FilterCall[] Filters, Statement[] Body) : Statement(Offset);

internal sealed record MacroStatement(int Offset, Macro Macro) : Statement(Offset);

/// <summary><c>{% call(a) macro() %}text{% endcall %}</c>: the text is the macro's <c>caller</c>.</summary>
internal sealed record CallStatement(int Offset, CallExpression Call, Macro Caller) : Statement(Offset);

internal sealed record FilterStatement(int Offset, FilterCall[] Filters, Statement[] Body) : Statement(Offset);

internal sealed record WithStatement(int Offset, (Target Target, Expression Value)[] Assignments, Statement[] Body) : Statement(Offset);

/// <summary>Text in a scope of its own: <c>generation</c> and <c>block</c>.</summary>
internal sealed record ScopeStatement(int Offset, Statement[] Body) : Statement(Offset);

/// <summary>A macro or the text of a call block.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Parameters">Names and defaults.</param>
/// <param name="Body">What it writes.</param>
/// <param name="UsesCaller">It mentions <c>caller</c>.</param>
/// <param name="UsesPositional">It mentions <c>varargs</c>.</param>
/// <param name="UsesNamed">It mentions <c>kwargs</c>.</param>
internal sealed record Macro(
    string Name, (string Name, Expression? Default)[] Parameters, Statement[] Body, bool UsesCaller, bool UsesPositional, bool UsesNamed);

/// <summary>What can be assigned to.</summary>
internal abstract record Target(int Offset);

internal sealed record NameTarget(int Offset, string Name) : Target(Offset);

/// <summary><c>a, b</c></summary>
internal sealed record TupleTarget(int Offset, Target[] Items) : Target(Offset);

/// <summary><c>ns.a</c></summary>
internal sealed record NamespaceTarget(int Offset, string Namespace, string Attribute) : Target(Offset);
