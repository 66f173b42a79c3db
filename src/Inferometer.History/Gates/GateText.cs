using System.Globalization;
using System.Text;
using System.Xml;

namespace Inferometer.History.Gates;

/// <summary>What a gate found, as other programs read it.</summary>
public static class GateText
{
    /// <summary>Writes a JUnit report: a test for each figure.</summary>
    /// <param name="gate">The gate.</param>
    /// <param name="output">Where it is written.</param>
    public static void WriteJUnit(Gate gate, Stream output)
    {
        ArgumentNullException.ThrowIfNull(gate);
        using var xml = XmlWriter.Create(output, new XmlWriterSettings { Indent = true, Encoding = new UTF8Encoding(false) });
        string run = $"{gate.Comparison.B.ShortId} against {gate.Comparison.A.ShortId}";
        xml.WriteStartElement("testsuites");
        xml.WriteStartElement("testsuite");
        xml.WriteAttributeString("name", $"inferometer gate: {run}");
        xml.WriteAttributeString("tests", Text(gate.Checks.Count));
        xml.WriteAttributeString("failures", Text(gate.Checks.Count(c => c.Outcome is GateOutcome.Failed)));
        xml.WriteAttributeString("skipped", Text(gate.Checks.Count(c => c.Outcome is GateOutcome.Unproven)));
        xml.WriteAttributeString("errors", "0");
        xml.WriteAttributeString("timestamp",
            gate.Comparison.B.At.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture));
        foreach (GateCheck check in gate.Checks)
        {
            xml.WriteStartElement("testcase");
            xml.WriteAttributeString("classname", "inferometer.gate");
            xml.WriteAttributeString("name", check.Figure.Key);
            xml.WriteAttributeString("time", "0");
            if (check.Outcome is not GateOutcome.Passed)
            {
                xml.WriteStartElement(check.Outcome is GateOutcome.Failed ? "failure" : "skipped");
                xml.WriteAttributeString("message", Sentence(check));
                xml.WriteEndElement();
            }

            xml.WriteEndElement();
        }

        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    /// <summary>Annotations of GitHub's workflows, a line each: errors for what failed, warnings for what nothing can be said of.</summary>
    /// <param name="gate">The gate.</param>
    public static IEnumerable<string> Annotations(Gate gate)
    {
        ArgumentNullException.ThrowIfNull(gate);
        foreach (GateCheck check in gate.Checks)
        {
            string? command = check.Outcome switch { GateOutcome.Failed => "error", GateOutcome.Unproven => "warning", _ => null };
            if (command is not null)
            {
                yield return $"::{command} title={Property("inferometer gate: " + check.Figure.Key)}::{Escaped(Sentence(check))}";
            }
        }
    }

    /// <summary>What was found of a figure, in a sentence.</summary>
    /// <param name="check">The figure.</param>
    public static string Sentence(GateCheck check)
    {
        ArgumentNullException.ThrowIfNull(check);
        string unit = check.Figure.B.Unit.Length > 0 ? " " + check.Figure.B.Unit : "";
        string change = check.Figure.Relative is { } relative ? $" ({Percent(relative)}{Range(check)})" : "";
        string values = string.Create(
            CultureInfo.InvariantCulture, $"{check.Figure.A.Value:0.####}{unit} became {check.Figure.B.Value:0.####}{unit}");
        return $"{check.Figure.Key}: {values}{change}; allowed is {Percent(check.MaxRegression)[1..]} worse"
            + (check.Reason is { } reason ? $"; {OutcomeOf(check)}: {reason}." : ".");
    }

    /// <summary>What was found of a figure, in a word.</summary>
    /// <param name="check">The figure.</param>
    public static string OutcomeOf(GateCheck check)
    {
        ArgumentNullException.ThrowIfNull(check);
        return check.Outcome switch { GateOutcome.Failed => "failed", GateOutcome.Unproven => "unproven", _ => "passed" };
    }

    private static string Range(GateCheck check) =>
        check.Figure.RelativeInterval is { } range ? $", 95 % between {Percent(range.Low)} and {Percent(range.High)}" : "";

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:+0.0;-0.0;+0.0} %");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    // https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
    private static string Escaped(string text) => text.Replace("%", "%25", StringComparison.Ordinal)
        .Replace("\r", "%0D", StringComparison.Ordinal).Replace("\n", "%0A", StringComparison.Ordinal);

    private static string Property(string text) =>
        Escaped(text).Replace(":", "%3A", StringComparison.Ordinal).Replace(",", "%2C", StringComparison.Ordinal);
}
