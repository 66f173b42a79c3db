using System.Reflection;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using Inferometer.Gpu.Kernels;

namespace Inferometer.Gpu.Tests.Kernels;

/// <summary>What ILGPU makes of the kernels for a card, which needs none.</summary>
internal static class Ptx
{
    private static readonly (string Name, Type Format, Type Block)[] Formats =
    [
        ("F32", typeof(Float32Format), typeof(Float4)),
        ("F16", typeof(Float16Format), typeof(FloatBlock)),
        ("BF16", typeof(BrainFormat), typeof(FloatBlock)),
        ("Q8_0", typeof(Q8_0Format), typeof(QuantBlock)),
        ("Q4_0", typeof(Q4_0Format), typeof(QuantBlock)),
        ("Q4_K", typeof(Q4_KFormat), typeof(QuantBlock)),
        ("Q6_K", typeof(Q6_KFormat), typeof(QuantBlock)),
        ("MXFP4", typeof(MXFP4Format), typeof(QuantBlock)),
    ];

    /// <summary>Every kernel that a card would be given, by name: all methods of the kernel classes that are launched, closed over warps
    /// of 32, each format and each kind of pages.</summary>
    public static IReadOnlyDictionary<string, MethodInfo> All { get; } = Find();

    /// <summary>A kernel's PTX.</summary>
    public static string Compile(MethodInfo kernel, CudaArchitecture architecture)
    {
        using Context context = Context.Create(builder => builder.Optimize(OptimizationLevel.O2));
        using PTXBackend backend = new(
            context, new CudaCapabilityContext(architecture), architecture, CudaInstructionSet.ISA_88, nvvmAPI: null);
        var compiled = (PTXCompiledKernel)backend.Compile(
            EntryPointDescription.FromExplicitlyGroupedKernel(kernel), KernelSpecialization.Empty);
        return compiled.PTXAssembly;
    }

    private static Dictionary<string, MethodInfo> Find()
    {
        Dictionary<string, MethodInfo> all = new(StringComparer.Ordinal);
        Type[] kernels =
        [
            typeof(MatrixKernels), typeof(RowKernels), typeof(AttentionKernels), typeof(TensorKernels), typeof(LoraKernels),
            typeof(CandidateKernels),
        ];
        foreach (Type type in kernels)
        {
            foreach (MethodInfo method in
                type.GetMethods(BindingFlags.Static | BindingFlags.Public).Where(m => m.ReturnType == typeof(void)))
            {
                foreach ((string name, MethodInfo closed) in Close(method))
                {
                    all.Add(name, closed);
                }
            }
        }

        return all;
    }

    private static IEnumerable<(string Name, MethodInfo Closed)> Close(MethodInfo method)
    {
        string[] parameters = [.. method.GetGenericArguments().Select(argument => argument.Name)];
        if (parameters.Contains("TPages") && !parameters.Contains("TFormat"))
        {
            yield return (method.Name, method.MakeGenericMethod(typeof(Lanes32), typeof(HalfPages)));
            yield return (method.Name + " bytes", method.MakeGenericMethod(typeof(Lanes32), typeof(BytePages)));
            yield break;
        }

        if (!parameters.Contains("TFormat"))
        {
            yield return (method.Name, parameters.Length == 0 ? method : method.MakeGenericMethod(typeof(Lanes32)));
            yield break;
        }

        Type[] needed = method.GetGenericArguments().Single(argument => argument.Name is "TFormat").GetGenericParameterConstraints();
        foreach ((string name, Type format, Type block) in Formats)
        {
            if (needed.Any(type => type.IsInterface && !type.IsGenericType && !type.IsAssignableFrom(format)))
            {
                continue;
            }

            foreach (Type tile in parameters.Contains("TTile") ? [typeof(OneToken), typeof(FourTokens)] : new[] { typeof(OneToken) })
            {
                Type[] arguments = [.. parameters.Select(parameter => parameter switch
                {
                    "TLanes" => typeof(Lanes32),
                    "TCores" => typeof(TensorCores),
                    "TFormat" => format,
                    "TBlock" => block,
                    "TPages" => typeof(HalfPages),
                    _ => tile,
                })];
                string suffix = parameters.Contains("TTile") ? " " + tile.Name : "";
                yield return ($"{method.Name} {name}{suffix}", method.MakeGenericMethod(arguments));
                if (Array.IndexOf(parameters, "TPages") is >= 0 and int pages)
                {
                    arguments[pages] = typeof(BytePages);
                    yield return ($"{method.Name} {name}{suffix} bytes", method.MakeGenericMethod(arguments));
                }
            }
        }
    }
}
