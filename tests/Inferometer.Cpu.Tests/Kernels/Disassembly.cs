using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Inferometer.Cpu.Tests.Kernels;

/// <summary>Machine code as GNU's objdump reads it; tests are skipped where it is not installed.</summary>
internal static partial class Disassembly
{
    /// <summary>Instructions, where they begin and where the next one does.</summary>
    public static IReadOnlyList<(string Text, int Offset, int End)> Of(byte[] code)
    {
        string file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        File.WriteAllBytes(file, code);
        try
        {
            using Process? process = Start(file);
            Assert.SkipWhen(process is null, "objdump (Debian: binutils) is not here");
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
            (string Text, int Offset)[] lines =
            [
                .. Instruction().Matches(output).Select(match => (
                    Spaces().Replace(match.Groups["text"].Value.Trim(), " "),
                    int.Parse(match.Groups["offset"].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture))),
            ];
            return [.. lines.Select((line, i) => (line.Text, line.Offset, i + 1 < lines.Length ? lines[i + 1].Offset : code.Length))];
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static Process? Start(string file)
    {
        ProcessStartInfo start = new("objdump")
        {
            UseShellExecute = false,
            ArgumentList = { "-D", "-b", "binary", "-m", "i386:x86-64", "--no-show-raw-insn", file },
            RedirectStandardOutput = true,
        };
        try
        {
            return Process.Start(start);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    [GeneratedRegex(
        @"^ +(?<offset>[0-9a-f]+):\s+(?<text>.+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        1000)]
    private static partial Regex Instruction();

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Spaces();
}
