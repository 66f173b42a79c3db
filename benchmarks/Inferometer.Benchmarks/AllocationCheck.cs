using System.Globalization;
using System.Reflection;
using System.Runtime.Intrinsics.X86;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Inferometer.Cpu.Kernels.Matrices;

namespace Inferometer.Benchmarks;

/// <summary>
/// Runs every benchmark of the kernels and the scheduler a few times, in the sizes that take no time, and compares the bytes a warm call
/// allocates with the stored ones: <c>allocations FILE [--update]</c>. Which tier of the kernels runs is chosen with the runtime's
/// settings, such as <c>DOTNET_EnableAVX512=0</c>.
/// </summary>
internal static class AllocationCheck
{
    /// <summary>
    /// Parameters of a kernel above this repeat in large what smaller ones do, which takes minutes without vector instructions.
    /// </summary>
    private const int LargestParameter = 16;

    private const int Windows = 3;

    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true };

    /// <returns>0 when everything allocates what the file says, otherwise 1.</returns>
    public static int Run(string file, bool update)
    {
        SortedDictionary<string, long> measured = new(StringComparer.Ordinal);
        foreach (Type type in typeof(AllocationCheck).Assembly.GetTypes()
            .Where(t =>
                t.Namespace is "Inferometer.Benchmarks.Kernels" or "Inferometer.Benchmarks.Scheduling"
                    && t.IsDefined(typeof(MemoryDiagnoserAttribute))))
        {
            Measure(type, measured);
        }

        if (update)
        {
            File.WriteAllText(file, JsonSerializer.Serialize(measured, s_json) + "\n");
        }

        Dictionary<string, long> stored = JsonSerializer.Deserialize<Dictionary<string, long>>(File.ReadAllText(file))!;
        string[] differences =
        [
            .. measured.Where(m => !stored.ContainsKey(m.Key)).Select(m => $"{m.Key}: {m.Value} bytes, not in the baseline"),
            .. stored.Where(s => !measured.ContainsKey(s.Key)).Select(s => $"{s.Key}: in the baseline, but there is no such benchmark"),
            .. measured.Where(m => stored.TryGetValue(m.Key, out long bytes) && bytes != m.Value).Select(
                m => $"{m.Key}: {m.Value} bytes, the baseline says {stored[m.Key]}"),
        ];
        foreach (string difference in differences)
        {
            Console.Error.WriteLine(difference);
        }

        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{measured.Count} benchmarks on {Tier}: {(differences.Length == 0 ? "allocations as stored" : $"{differences.Length} "
                    + $"differences")}"));
        return differences.Length == 0 ? 0 : 1;
    }

    private static string Tier => Avx512BW.IsSupported ? "512-bit vectors"
        : Avx2.IsSupported ? "256-bit vectors"
        : ByteProducts.IsSupported ? "128-bit vectors"
        : "plain code";

    private static void Measure(Type type, SortedDictionary<string, long> measured)
    {
        PropertyInfo[] parameters = [.. type.GetProperties().Where(p => p.IsDefined(typeof(ParamsAttribute)))];
        bool isKernel = type.Namespace is "Inferometer.Benchmarks.Kernels";
        foreach (object[] values in Combinations(parameters, isKernel ? LargestParameter : int.MaxValue))
        {
            object instance = Activator.CreateInstance(type)!;
            for (int i = 0; i < parameters.Length; i++)
            {
                parameters[i].SetValue(instance, values[i]);
            }

            Invoke<GlobalSetupAttribute>(instance);
            foreach (MethodInfo method in type.GetMethods().Where(m => m.IsDefined(typeof(BenchmarkAttribute))))
            {
                string with =
                    string.Join(", ", parameters.Select((p, i) => string.Create(CultureInfo.InvariantCulture, $"{p.Name}: {values[i]}")));
                measured.Add($"{type.Name}.{method.Name}({with})", BytesPerCall(CallOf(method, instance)));
            }

            Invoke<GlobalCleanupAttribute>(instance);
        }
    }

    /// <summary>
    /// Least bytes of several warm calls, over all threads: what other threads of the runtime allocate now and then is not the kernel's.
    /// </summary>
    private static long BytesPerCall(Action call)
    {
        call();
        long least = long.MaxValue;
        for (int i = 0; i < Windows; i++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            call();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        return least;
    }

    // A delegate of the method's own type: calling through reflection would allocate.
    private static Action CallOf(MethodInfo method, object instance)
    {
        if (method.ReturnType == typeof(void))
        {
            return method.CreateDelegate<Action>(instance);
        }

        Func<int> function = method.CreateDelegate<Func<int>>(instance);
        return () => _ = function();
    }

    private static void Invoke<TAttribute>(object instance)
        where TAttribute : Attribute =>
        instance.GetType().GetMethods().FirstOrDefault(m => m.IsDefined(typeof(TAttribute)))?.Invoke(instance, null);

    private static IEnumerable<object[]> Combinations(PropertyInfo[] parameters, int largest)
    {
        IEnumerable<object[]> all = [[]];
        foreach (PropertyInfo parameter in parameters)
        {
            object?[] values =
                [.. parameter.GetCustomAttribute<ParamsAttribute>()!.Values.Where(v => v is not int number || number <= largest)];
            all = [.. all.SelectMany(_ => values, (start, value) => (object[])[.. start, value!])];
        }

        return all;
    }
}
