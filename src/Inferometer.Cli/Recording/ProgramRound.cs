using System.Diagnostics;
using Inferometer.Cli.Hosting;
using Inferometer.Core;
using Inferometer.History.Records;
using Inferometer.History.Stores;

namespace Inferometer.Cli.Recording;

/// <summary>Runs a command line of this program in a process of its own and takes the run that it keeps.</summary>
internal static class ProgramRound
{
    private static readonly string[] Runnable = ["bench", "load"];

    // What the caller says itself, or what makes no figure.
    private static readonly string[] Refused = ["--store", "--no-record", "--name", "--tag", "--ablate", "--sweep-rate"];

    /// <summary>The words of a command line, as a shell has them: blanks part them, quotes hold them together.</summary>
    /// <param name="text">The command line, without the program.</param>
    /// <param name="origin">Where it came from, for the error.</param>
    /// <exception cref="UsageException">It is none that can be run by turns.</exception>
    public static string[] Words(string text, string origin)
    {
        List<string> words = [];
        System.Text.StringBuilder word = new();
        char quote = '\0';
        bool inWord = false;
        foreach (char c in text)
        {
            if (c == quote && quote != '\0')
            {
                quote = '\0';
            }
            else if (quote == '\0' && c is '\'' or '"')
            {
                (quote, inWord) = (c, true);
            }
            else if (quote == '\0' && char.IsWhiteSpace(c))
            {
                if (inWord)
                {
                    words.Add(word.ToString());
                    word.Clear();
                }

                inWord = false;
            }
            else
            {
                word.Append(c);
                inWord = true;
            }
        }

        if (quote != '\0')
        {
            throw new UsageException($"{origin}: a quote {quote} is not closed.");
        }

        if (inWord)
        {
            words.Add(word.ToString());
        }

        if (words.Count == 0 || !Runnable.Contains(words[0], StringComparer.Ordinal))
        {
            throw new UsageException($"{origin}: it must be a command line of bench or load in quotes, such as \"bench -p 512 -t 2\".");
        }

        return words.FirstOrDefault(
            w => Refused.Any(r => string.Equals(w, r, StringComparison.Ordinal)
            || w.StartsWith(r + "=", StringComparison.Ordinal))) is { } wrong
            ? throw new UsageException($"{origin}: {wrong} cannot be run by turns; leave it out.")
            : [.. words];
    }

    /// <summary>Runs it once.</summary>
    /// <param name="words">Command and options.</param>
    /// <param name="folder">A folder for what it keeps.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="UsageException">It is wrong in itself; the message is its own.</exception>
    /// <exception cref="InferometerException">It failed; the message is its own.</exception>
    public static async Task<RunRecord> RunAsync(string[] words, string folder, CancellationToken cancellationToken)
    {
        string file = Path.Combine(folder, Guid.NewGuid().ToString("N") + ".db");
        ProcessStartInfo start = new(ThisProgram.Command[0], [.. ThisProgram.Command.Skip(1), .. words, "--store", file])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start) ?? throw new InferometerException("This program cannot be started again.");
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            string errors = await process.StandardError.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
            _ = await output.ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            if (process.ExitCode != ExitCode.Success || !File.Exists(file))
            {
                string last = errors.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault(
                    ) ?? "";
                string message = $"{string.Join(' ', words)}: {(last.StartsWith("error: ", StringComparison.Ordinal) ? last[7..] : last)}";
                throw process.ExitCode == ExitCode.Usage ? new UsageException(message) : new InferometerException(message);
            }
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }

        using IRunStore store = RunStores.OpenExisting(StoreLocation.OfFile(file));
        return RunReference.Find(store, "latest", "RUN");
    }
}
