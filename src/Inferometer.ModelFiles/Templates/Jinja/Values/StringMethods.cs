using System.Globalization;
using System.Text;

namespace Inferometer.ModelFiles.Templates.Jinja.Values;

/// <summary>The methods of text, by name.</summary>
internal static class StringMethods
{
    /// <summary>A method bound to its text; null where there is none of that name.</summary>
    public static Func<Arguments, JinjaValue>? Find(StringValue self, string name, Budget budget)
    {
        budget.Work(self.Text.Length);
        return Changing(self, name, budget) ?? Splitting(self, name, budget) ?? Looking(self.Text, name) ?? Asking(self.Text, name);
    }

    private static Func<Arguments, JinjaValue>? Changing(StringValue self, string name, Budget budget)
    {
        string text = self.Text;
        switch (name)
        {
            case "strip" or "lstrip" or "rstrip":
                return a => self.With(TextMethods.Strip(
                    text, Arguments.TextOrNone(name, a.Bind(name, 0, "chars")[0]), start: name is not "rstrip", end: name is not "lstrip"));
            case "upper" or "lower" or "casefold" or "capitalize" or "title" or "swapcase":
                return a =>
                {
                    _ = a.Bind(name, 0);
                    return self.With(name switch
                    {
                        "upper" => Casing.Upper(text),
                        "capitalize" => Casing.Capitalize(text),
                        "title" => Casing.TitleWords(text),
                        "swapcase" => Casing.Swap(text),
                        "casefold" => Casing.Lower(text).Replace("\u00df", "ss", StringComparison.Ordinal),
                        _ => Casing.Lower(text),
                    });
                };
            case "replace":
                return a =>
                {
                    JinjaValue?[] given = a.Bind(name, 2, "old", "new", "count");
                    return self.With(TextMethods.Replace(
                        text, Arguments.Text(name, given[0]), Arguments.Text(name, given[1]), Arguments.Whole(name, given[2], -1), budget));
                };
            case "removeprefix" or "removesuffix":
                return a =>
                {
                    string part = Arguments.Text(name, a.Bind(name, 1, "affix")[0]);
                    return self.With(name is "removeprefix"
                        ? text.StartsWith(part, StringComparison.Ordinal) ? text[part.Length..] : text
                        : text.EndsWith(part, StringComparison.Ordinal) ? text[..^part.Length] : text);
                };
            case "center" or "ljust" or "rjust":
                return a =>
                {
                    JinjaValue?[] given = a.Bind(name, 1, "width", "fillchar");
                    string fill = Arguments.TextOrNone(name, given[1]) ?? " ";
                    return CodePoints.Count(fill) != 1
                        ? throw new JinjaException("The fill character must be exactly one character long")
                        : self.With(TextMethods.Pad(text, Arguments.Whole(name, given[0], 0), fill, name is not "ljust",
                            name is not "rjust", budget));
                };
            case "zfill":
                return a =>
                {
                    int width = Arguments.Whole(name, a.Bind(name, 1, "width")[0], 0);
                    int sign = text.Length > 0 && text[0] is '+' or '-' ? 1 : 0;
                    return self.With(text[..sign] + TextMethods.Pad(text[sign..], width - sign, "0", left: true, right: false, budget));
                };
            case "expandtabs":
                return a => self.With(TextMethods.ExpandTabs(text, Arguments.Whole(name, a.Bind(name, 0, "tabsize")[0], 8), budget));
            case "format":
                return a => self.With(Formatting.Format(text, a, budget));
            case "format_map":
                return a => self.With(Formatting.Format(text, Named(a.Bind(name, 1, "mapping")[0]!), budget));
            default:
                return null;
        }
    }

    private static Arguments Named(JinjaValue value) => value is MappingValue mapping
        ? new Arguments([], [.. mapping.Items.Where(pair => pair.Key is StringValue).Select(pair =>
            KeyValuePair.Create(((StringValue)pair.Key).Text, pair.Value))])
        : throw new JinjaException($"format_map() needs a mapping, not '{value.TypeName}'");

    private static Func<Arguments, JinjaValue>? Splitting(StringValue self, string name, Budget budget)
    {
        string text = self.Text;
        switch (name)
        {
            case "split" or "rsplit":
                return a =>
                {
                    JinjaValue?[] given = a.Bind(name, 0, "sep", "maxsplit");
                    List<string> parts = TextMethods.Split(
                        text, Arguments.TextOrNone(name, given[0]), Arguments.Whole(name, given[1], -1), fromEnd: name is "rsplit");
                    return ListOf(self, parts, budget);
                };
            case "splitlines":
                return a => ListOf(self, TextMethods.Lines(text, a.Bind(name, 0, "keepends")[0]?.IsTrue ?? false), budget);
            case "partition" or "rpartition":
                return a =>
                {
                    string separator = Arguments.Text(name, a.Bind(name, 1, "sep")[0]);
                    List<string> parts = TextMethods.Split(text, separator, 1, fromEnd: name is "rpartition");
                    return new TupleValue(parts.Count == 2 ? [self.With(parts[0]), self.With(separator), self.With(parts[1])]
                        : name is "partition" ? [self, self.With(""), self.With("")] : [self.With(""), self.With(""), self]);
                };
            case "join":
                return a => self.With(Join(text, a.Bind(name, 1, "iterable")[0]!, budget));
            default:
                return null;
        }
    }

    private static ListValue ListOf(StringValue self, List<string> parts, Budget budget)
    {
        budget.Take(self.Text.Length + parts.Count);
        return new ListValue([.. parts.Select(self.With)]);
    }

    private static string Join(string separator, JinjaValue items, Budget budget)
    {
        var output = new StringBuilder();
        int index = 0;
        foreach (JinjaValue item in Iteration.Over(items))
        {
            string part = (item as StringValue)?.Text ?? throw new JinjaException(string.Create(
                CultureInfo.InvariantCulture, $"sequence item {index}: expected str instance, {item.TypeName} found"));
            budget.Take(part.Length + separator.Length);
            output.Append(index++ > 0 ? separator : "").Append(part);
        }

        return output.ToString();
    }

    private static Func<Arguments, JinjaValue>? Looking(string text, string name)
    {
        switch (name)
        {
            case "startswith" or "endswith":
                return a =>
                {
                    JinjaValue?[] given = a.Bind(name, 1, "affix", "start", "end");
                    (string part, _, bool isInside) = Part(text, name, given[1], given[2]);
                    IEnumerable<JinjaValue> affixes = given[0] is TupleValue tuple ? tuple.Items : [given[0]!];
                    return BooleanValue.Of(isInside && affixes.Any(affix => name is "startswith"
                        ? part.StartsWith(Arguments.Text(name, affix), StringComparison.Ordinal)
                        : part.EndsWith(Arguments.Text(name, affix), StringComparison.Ordinal)));
                };
            case "find" or "rfind" or "index" or "rindex" or "count":
                return a =>
                {
                    JinjaValue?[] given = a.Bind(name, 1, "sub", "start", "end");
                    string wanted = Arguments.Text(name, given[0]);
                    (string part, int start, bool isInside) = Part(text, name, given[1], given[2]);
                    if (name is "count")
                    {
                        return new IntegerValue(isInside ? TextMethods.Count(part, wanted) : 0);
                    }

                    int at = !isInside ? -1 : name is "find" or "index"
                        ? part.IndexOf(wanted, StringComparison.Ordinal)
                        : wanted.Length == 0 ? part.Length : part.LastIndexOf(wanted, StringComparison.Ordinal);
                    return at < 0 && (name is "index" or "rindex")
                        ? throw new JinjaException("substring not found")
                        : new IntegerValue(at < 0 ? -1 : start + CodePoints.FromUtf16(part, at));
                };
            default:
                return null;
        }
    }

    /// <summary>The stretch between two places, the first place, and whether there is such a stretch.</summary>
    private static (string Part, int Start, bool IsInside) Part(string text, string name, JinjaValue? start, JinjaValue? end)
    {
        if (start is null or NoneValue && end is null or NoneValue)
        {
            return (text, 0, true);
        }

        int length = CodePoints.Count(text);
        int from = start is NoneValue ? 0 : Arguments.Whole(name, start, 0), to = end is NoneValue ? length
            : Arguments.Whole(name, end, length);
        from = from < 0 ? Math.Max(0, from + length) : from;
        to = to < 0 ? Math.Max(0, to + length) : Math.Min(to, length);
        return from > to ? ("", from, false) : (CodePoints.Slice(text, from, 1, to - from), from, true);
    }

    private static Func<Arguments, JinjaValue>? Asking(string text, string name)
    {
        Func<string, bool>? question = name switch
        {
            "isspace" => t => t.Length > 0 && t.All(CodePoints.IsSpace),
            "isdigit" => t => All(t, c => CharUnicodeInfo.GetDigitValue(c, 0) >= 0),
            "isdecimal" => t => All(t, c => CharUnicodeInfo.GetDecimalDigitValue(c, 0) >= 0),
            "isnumeric" => t => All(t, c => CharUnicodeInfo.GetNumericValue(c, 0) >= 0),
            "isalpha" => t => All(t, IsLetter),
            "isalnum" => t => All(t, c => IsLetter(c) || CharUnicodeInfo.GetNumericValue(c, 0) >= 0),
            "isascii" => t => t.All(char.IsAscii),
            "isprintable" => t => CodePoints.Each(t).All(c => CodePoints.IsPrintable(char.IsSurrogatePair(c, 0)
                ? char.ConvertToUtf32(c, 0) : c[0])),
            "isupper" => t => CodePoints.Each(t).Any(Casing.IsUpper) && !CodePoints.Each(t).Any(Casing.IsLower),
            "islower" => t => CodePoints.Each(t).Any(Casing.IsLower) && !CodePoints.Each(t).Any(Casing.IsUpper),
            "istitle" => t => CodePoints.Each(t).Any(Casing.IsCased) && string.Equals(Casing.TitleWords(t), t, StringComparison.Ordinal),
            "isidentifier" => t => t.Length > 0 && !char.IsDigit(t[0]) && t.All(c => c == '_' || char.IsLetterOrDigit(c)),
            _ => null,
        };
        return question is null ? null : a =>
        {
            _ = a.Bind(name, 0);
            return BooleanValue.Of(question(text));
        };
    }

    private static bool All(string text, Func<string, bool> holds) => text.Length > 0 && CodePoints.Each(text).All(holds);

    private static bool IsLetter(string point) => CharUnicodeInfo.GetUnicodeCategory(point, 0) is
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
        or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter;
}
