using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Templates.Jinja.Syntax;

/// <summary>The tokens of a template, read from the front.</summary>
internal sealed class TokenStream(Token[] tokens)
{
    private int _next;

    public Token Current => tokens[_next];

    public Token Following => tokens[Math.Min(_next + 1, tokens.Length - 1)];

    public Token Take()
    {
        Token token = Current;
        _next += token.Kind == TokenKind.End ? 0 : 1;
        return token;
    }

    public bool TakeIf(string op)
    {
        bool matches = Current.Is(op);
        _next += matches ? 1 : 0;
        return matches;
    }

    public bool TakeIfName(string name)
    {
        bool matches = Current.IsName(name);
        _next += matches ? 1 : 0;
        return matches;
    }

    public Token Expect(string op) => Current.Is(op) ? Take() : throw Fault($"expected '{op}', found {Current}");

    public Token Expect(TokenKind kind, string what) => Current.Kind == kind ? Take() : throw Fault($"expected {what}, found {Current}");

    public JinjaException Fault(string message) => Fault(message, Current.Offset);

    public static JinjaException Fault(string message, int offset) => new(message) { Offset = offset };
}
