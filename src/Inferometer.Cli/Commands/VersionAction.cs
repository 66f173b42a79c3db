using System.CommandLine;
using System.CommandLine.Invocation;
using System.Reflection;
using System.Runtime.InteropServices;
using Inferometer.Cli.Hosting;

namespace Inferometer.Cli.Commands;

/// <summary>Prints version, commit and runtime.</summary>
internal sealed class VersionAction : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        string informational =
            typeof(VersionAction).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
        string[] parts = informational.Split('+', 2);
        string commit = parts.Length == 2 ? parts[1] : "unknown";
        parseResult.InvocationConfiguration.Output.WriteLine(
            $"inferometer {parts[0]}, commit {commit}, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}");
        return ExitCode.Success;
    }
}
