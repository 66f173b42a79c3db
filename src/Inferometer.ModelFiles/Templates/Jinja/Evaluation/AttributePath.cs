using System.Globalization;
using System.Numerics;
using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Templates.Jinja.Evaluation;

/// <summary>
/// The <c>attribute</c> of filters such as <c>map</c>: names and indices with dots between, each looked up as an
/// item first.
/// </summary>
internal sealed class AttributePath(JinjaValue[] parts, JinjaValue? fallback, bool ignoresCase)
{
    public static AttributePath Parse(JinjaValue? attribute, JinjaValue? fallback = null, bool ignoresCase = false) => new(
        attribute switch
        {
            null or NoneValue => [],
            StringValue text => [.. text.Text.Split('.').Select(Part)],
            _ => [attribute],
        },
        fallback is NoneValue ? null : fallback,
        ignoresCase);

    /// <summary>Several paths with commas between.</summary>
    public static AttributePath[] ParseAll(JinjaValue? attribute, bool ignoresCase) => attribute is StringValue text
        ? [.. text.Text.Split(',').Select(part => Parse(new StringValue(part), ignoresCase: ignoresCase))]
        : [Parse(attribute, ignoresCase: ignoresCase)];

    public JinjaValue Get(JinjaValue item, Budget budget)
    {
        foreach (JinjaValue part in parts)
        {
            item = Access.Item(item, part, budget);
            item = item is UndefinedValue && fallback is not null ? fallback : item;
        }

        return ignoresCase && item is StringValue text ? text.With(Casing.Lower(text.Text)) : item;
    }

    private static JinjaValue Part(string part) => part.Length > 0 && part.All(char.IsAsciiDigit)
        ? new IntegerValue(BigInteger.Parse(part, CultureInfo.InvariantCulture))
        : new StringValue(part);
}
