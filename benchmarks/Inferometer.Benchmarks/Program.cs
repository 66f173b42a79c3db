using System.Globalization;
using BenchmarkDotNet.Running;
using Inferometer.Benchmarks;

// Two verbs of our own beside BenchmarkDotNet's switcher; docs/benchmarks.md says when to use which.
if (args is ["parity", string model, string driver, ..])
{
    return PeerParity.Run(model, driver, args.Length > 3 ? int.Parse(args[3], CultureInfo.InvariantCulture) : 32);
}

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
