using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Core;

namespace Inferometer.Cli.Tests.Commands;

/// <summary>Whatever a command throws, the user gets one line and the code of the documentation.</summary>
public class FaultTests
{
    public static TheoryData<Exception, int> Faults => new(
        (new InvalidOperationException("Sequence contains\nno elements"), ExitCode.Internal),
        (new NullReferenceException(), ExitCode.Internal),
        (new KeyNotFoundException("x"), ExitCode.Internal),
        (new AggregateException(new InvalidOperationException("x")), ExitCode.Internal),
        (new AggregateException(new InferometerException("no such thing")), ExitCode.Failed),
        (new InferometerException("no such\nthing"), ExitCode.Failed),
        (new IOException("disk full"), ExitCode.Failed),
        (new UnauthorizedAccessException("denied"), ExitCode.Failed),
        (new OutOfMemoryException(), ExitCode.Failed),
        (new UsageException("wrong"), ExitCode.Usage),
        (new OperationCanceledException(), ExitCode.Cancelled));

    [Theory]
    [MemberData(nameof(Faults), DisableDiscoveryEnumeration = true)]
    public async Task A_fault_becomes_one_line(Exception fault, int code)
    {
        foreach (bool isAsync in (bool[])[false, true])
        {
            (int got, string error) = await Run(fault, isAsync);
            Assert.Equal(code, got);
            string line = Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
            Assert.DoesNotContain("   at ", line, StringComparison.Ordinal);
            Assert.DoesNotContain("System.", line, StringComparison.Ordinal);
            Assert.Equal(code == ExitCode.Internal, line.Contains("Please report it", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_tree_that_cannot_be_built_is_a_fault_too()
    {
        await using StringWriter error = new();
        int code = await InferometerCommand.RunAsync(
            () => throw new InvalidOperationException("x"), ["models"], TextWriter.Null, error, TestContext.Current.CancellationToken);
        Assert.Equal(ExitCode.Internal, code);
        Assert.Single(error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static async Task<(int Code, string Error)> Run(Exception fault, bool isAsync)
    {
        Command command = new("break", "Throws.");
        if (isAsync)
        {
            command.SetAction(async (_, cancellationToken) =>
            {
                await Task.Delay(1, cancellationToken);
                throw fault;
            });
        }
        else
        {
            command.SetAction(new Func<ParseResult, int>(_ => throw fault));
        }

        await using StringWriter error = new();
        int code = await InferometerCommand.RunAsync(
            () => new RootCommand { command }, ["break"], TextWriter.Null, error, TestContext.Current.CancellationToken);
        return (code, error.ToString());
    }
}
