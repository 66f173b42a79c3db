using BenchmarkDotNet.Running;
using Inferometer.Benchmarks.Kernels;

if (args is ["kernels-quick", .. string[] rest])
{
    QuickReport.Run(rest);
}
else
{
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
}
