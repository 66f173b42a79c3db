using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Templates.Jinja.Syntax;

/// <summary>An expression and its place in the source.</summary>
internal abstract record Expression(int Offset);

internal sealed record Literal(int Offset, JinjaValue Value) : Expression(Offset);

internal sealed record NameExpression(int Offset, string Name) : Expression(Offset);

/// <summary><c>(a, b)</c></summary>
internal sealed record TupleExpression(int Offset, Expression[] Items) : Expression(Offset);

/// <summary><c>[a, b]</c></summary>
internal sealed record ListExpression(int Offset, Expression[] Items) : Expression(Offset);

/// <summary><c>{'a': b}</c></summary>
internal sealed record MappingExpression(int Offset, (Expression Key, Expression Value)[] Pairs) : Expression(Offset);

/// <summary><c>-a</c>, <c>+a</c></summary>
internal sealed record SignExpression(int Offset, bool IsNegative, Expression Operand) : Expression(Offset);

/// <summary><c>not a</c></summary>
internal sealed record NotExpression(int Offset, Expression Operand) : Expression(Offset);

/// <summary>An arithmetic operator.</summary>
internal sealed record BinaryExpression(int Offset, string Operator, Expression Left, Expression Right) : Expression(Offset);

/// <summary><c>a and b</c>, <c>a or b</c></summary>
internal sealed record LogicalExpression(int Offset, bool IsAnd, Expression Left, Expression Right) : Expression(Offset);

/// <summary><c>a &lt; b &lt;= c</c>: each pair must hold; also <c>in</c> and <c>not in</c>.</summary>
internal sealed record ComparisonExpression(int Offset, Expression First, (string Operator, Expression Operand)[] Rest)
    : Expression(Offset);

/// <summary><c>a ~ b ~ c</c></summary>
internal sealed record ConcatenationExpression(int Offset, Expression[] Parts) : Expression(Offset);

/// <summary><c>a if b else c</c></summary>
internal sealed record ConditionalExpression(int Offset, Expression Test, Expression Then, Expression? Otherwise) : Expression(Offset);

/// <summary><c>a.b</c></summary>
internal sealed record AttributeExpression(int Offset, Expression Owner, string Name) : Expression(Offset);

/// <summary><c>a[b]</c></summary>
internal sealed record ItemExpression(int Offset, Expression Owner, Expression Key) : Expression(Offset);

/// <summary><c>a[b:c:d]</c></summary>
internal sealed record SliceExpression(int Offset, Expression Owner, Expression? Start, Expression? Stop, Expression? Step)
    : Expression(Offset);

/// <summary><c>a(b, c=d)</c></summary>
internal sealed record CallExpression(int Offset, Expression Callee, ArgumentList Arguments) : Expression(Offset);

/// <summary><c>a|f|g(b)</c></summary>
internal sealed record FilterExpression(int Offset, Expression Value, FilterCall Filter) : Expression(Offset);

/// <summary><c>a is f(b)</c></summary>
internal sealed record TestExpression(int Offset, Expression Value, string Name, ArgumentList Arguments) : Expression(Offset);

/// <summary>A filter and what it is given besides the value.</summary>
internal sealed record FilterCall(int Offset, string Name, ArgumentList Arguments);

/// <summary>What stands between the parentheses of a call.</summary>
/// <param name="Positional">By position.</param>
/// <param name="Named">By name.</param>
/// <param name="MorePositional"><c>*a</c></param>
/// <param name="MoreNamed"><c>**a</c></param>
internal sealed record ArgumentList(
    Expression[] Positional, (string Name, Expression Value)[] Named, Expression? MorePositional, Expression? MoreNamed)
{
    public static readonly ArgumentList None = new([], [], null, null);
}
