using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Inferometer.Architecture.Tests;

/// <summary>
/// Which types of the house a type uses, as the compiled code tells: bases, interfaces, attributes, signatures, fields and the bodies of
/// methods. Constants leave no trace in compiled code and are not seen.
/// </summary>
internal static class TypeDependencies
{
    private const string House = "Inferometer.";

    /// <summary>Folder a type lives in, which is its namespace; a nested or generated type lives with the type that holds it.</summary>
    public static string FolderOf(TypeReference type)
    {
        TypeReference outer = type;
        while (outer.DeclaringType is not null)
        {
            outer = outer.DeclaringType;
        }

        return outer.Namespace;
    }

    /// <summary>All pairs of a type and a type of the house that it uses, over an assembly.</summary>
    public static IEnumerable<(TypeDefinition User, TypeReference Used)> Of(AssemblyDefinition assembly) =>
        from type in assembly.MainModule.GetTypes()
        where type.Namespace.StartsWith(House, StringComparison.Ordinal) || type.IsNested
        where FolderOf(type).StartsWith(House, StringComparison.Ordinal)
        from used in Used(type).SelectMany(Parts)
        where FolderOf(used).StartsWith(House, StringComparison.Ordinal)
        select (type, used);

    private static IEnumerable<TypeReference> Used(TypeDefinition type)
    {
        IEnumerable<TypeReference?> outside =
        [
            type.BaseType,
            .. type.Interfaces.Select(i => i.InterfaceType),
            .. type.CustomAttributes.Select(a => a.AttributeType),
            .. type.GenericParameters.SelectMany(g => g.Constraints).Select(c => c.ConstraintType),
            .. type.Fields.Select(f => f.FieldType),
            .. type.Methods.SelectMany(Signature),
            .. type.Methods.Where(m => m.HasBody).SelectMany(m => m.Body.Variables).Select(v => v.VariableType),
            .. type.Methods.Where(m => m.HasBody).SelectMany(m => m.Body.Instructions).SelectMany(Operand),
        ];
        return outside.OfType<TypeReference>();
    }

    private static IEnumerable<TypeReference> Signature(IMethodSignature method) =>
        [method.ReturnType, .. method.Parameters.Select(p => p.ParameterType)];

    private static IEnumerable<TypeReference> Operand(Instruction instruction) => instruction.Operand switch
    {
        TypeReference type => [type],
        MethodReference method =>
            [method.DeclaringType, .. Signature(method), .. (method as GenericInstanceMethod)?.GenericArguments ?? []],
        FieldReference field => [field.DeclaringType, field.FieldType],
        _ => [],
    };

    /// <summary>A type and the types it is made of: elements of arrays, arguments of generics and of function pointers.</summary>
    private static IEnumerable<TypeReference> Parts(TypeReference type) => type switch
    {
        GenericParameter => [],
        GenericInstanceType generic => [generic.ElementType, .. generic.GenericArguments.SelectMany(Parts)],
        FunctionPointerType pointer => Signature(pointer).SelectMany(Parts),
        TypeSpecification specification => Parts(specification.ElementType),
        _ => [type],
    };
}
