using System.Globalization;
using BenchmarkDotNet.Running;
using Inferometer.Benchmarks;
using Inferometer.Benchmarks.Fidelity;
using Inferometer.Benchmarks.Generation;
using Inferometer.Benchmarks.Kernels;
using Inferometer.Benchmarks.Load;
using Inferometer.Benchmarks.Planning;
using Inferometer.Benchmarks.Scheduling;
using Inferometer.Benchmarks.Simulation;

// Verbs of our own beside BenchmarkDotNet's switcher; docs/benchmarks.md says when to use which.
switch (args)
{
    case ["kernels-quick", .. string[] rest]:
        QuickReport.Run(rest);
        return 0;
    case ["kernels-cached"]:
        CachedReport.Run();
        return 0;
    case ["kernels-tiers", .. string[] rest]:
        TierReport.Run(rest);
        return 0;
    case ["scheduler-quick"]:
        SchedulerReport.Run();
        return 0;
    case ["serving-quick", .. string[] rest]:
        ServingReportBench.Run(rest is [string requests] ? int.Parse(requests, CultureInfo.InvariantCulture) : 2000);
        return 0;
    case ["load-truth", .. string[] rest]:
        LoadTruthReport.Run(rest is [string rate] ? double.Parse(rate, CultureInfo.InvariantCulture) : 1000);
        return 0;
    case ["serve-overhead", string served, .. string[] rest]:
        await ServeOverheadReport.RunAsync(served, onlyFirst: rest is ["first"]);
        return 0;
    case ["two-arms", .. { Length: > 0 } words]:
        return await TwoArms.RunAsync(ArmOptions.Read(words));
    case ["plan-quick", .. string[] rest]:
        PlanReport.Run(rest is [string planned] ? planned : "llama-3.3-70b");
        return 0;
    case ["sweep-quick"]:
        return await SweepReport.RunAsync();
    case ["elementwise"]:
        ElementwiseReport.Run();
        return 0;
    case ["allocations", string file, .. string[] rest]:
        return AllocationCheck.Run(file, rest is ["--update"]);
    case ["parity", string model, string driver, .. string[] rest]:
        return PeerParity.Run(model, driver, rest is [string tokens] ? int.Parse(tokens, CultureInfo.InvariantCulture) : 32);
    case ["masks", string folder, .. string[] rest]:
        MaskReport.Run(folder, rest is [string length] ? int.Parse(length, CultureInfo.InvariantCulture) : 400);
        return 0;
    case ["constrained", string path, .. string[] rest]:
        ConstraintReport.Run(path, rest is [string count] ? int.Parse(count, CultureInfo.InvariantCulture) : 256);
        return 0;
    case ["start", string started, .. string[] rest]:
        StartReport.Run(started, rest is [string texts] ? int.Parse(texts, CultureInfo.InvariantCulture) : 64);
        return 0;
    case ["step", string stepped, .. string[] rest]:
        StepReport.Run(stepped, rest is [string rounds] ? int.Parse(rounds, CultureInfo.InvariantCulture) : 10);
        return 0;
    case ["start-once", string once, string steps, string generated]:
        await StartReport.RunOnceAsync(
            once, int.Parse(steps, CultureInfo.InvariantCulture), int.Parse(generated, CultureInfo.InvariantCulture));
        return 0;
    case ["constrained-vocabulary", string vocabulary, .. string[] rest]:
        ConstraintReport.RunVocabulary(vocabulary, rest is [string decoded] ? int.Parse(decoded, CultureInfo.InvariantCulture) : 128);
        return 0;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(AllocationCheck).Assembly).Run(args);
        return 0;
}
