#!/usr/bin/env bash
# ILGPU 1.5.3: of the copies between an accelerator and the host, those that take a span or an array keep it in place while they copy; those
# that take a reference and a length (CopyToCPU(ref array[0], n), CopyFromCPU(ref array[0], n)) do not: no local variable of theirs is
# pinned, nor is one of what they call. They take the address once and copy to it. If the collector moves the array in between, the copy goes to
# where the array was: the array stays as it was, what lies there now is overwritten, and the process may end with SIGSEGV at a later
# collection. Their names say "unsafe" only where they do not wait.
#
# Expected: a method that takes a managed reference, which cannot dangle by itself, follows the array, or says in its name that it does not.
#
# What follows for us: Inferometer.Gpu copies through Devices/HostCopies.cs alone, which pins; HostCopyTests copy beside a collector that
# moves everything. Seen before as logits of 0, and as tests that ended with
# SIGSEGV, in two of four runs on two cores.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > pins.cs <<'CS'
#:package ILGPU@1.5.3
#:property PublishAot=false
using System.Reflection;
using ILGPU.Runtime;

foreach (string name in new[] { "CopyToCPU", "CopyFromCPU", "CopyToCPUUnsafeAsync", "CopyFromCPUUnsafeAsync" })
{
    var copies = typeof(ArrayViewExtensions).GetMethods()
        .Where(method => method.Name == name && method.IsGenericMethodDefinition && method.GetGenericArguments().Length == 2)
        .Where(method => method.GetParameters().Any(p => p.ParameterType == typeof(AcceleratorStream)));
    foreach (MethodInfo copy in copies.OrderBy(method => method.GetParameters().Length))
    {
        Type data = copy.GetParameters()[2].ParameterType.GetElementType() ?? copy.GetParameters()[2].ParameterType;
        string kind = data.IsGenericParameter ? "a reference" : data.Name.Contains("Span") ? "a span" : "another";
        bool pins = copy.GetMethodBody()!.LocalVariables.Any(local => local.IsPinned);
        Console.WriteLine($"{name} of {kind}: {(pins ? "pins" : "does not pin")}");
    }
}
CS
seen=$(dotnet run pins.cs 2> /dev/null | sort -u)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
CopyFromCPU of a reference: does not pin
CopyFromCPU of a span: pins
CopyFromCPUUnsafeAsync of a reference: does not pin
CopyToCPU of a reference: does not pin
CopyToCPU of a span: pins
CopyToCPUUnsafeAsync of a reference: does not pin
SEEN
