using Mono.Cecil;

namespace Inferometer.Architecture.Tests;

/// <summary>Arrows between rooms go as drawn, and no folders depend on each other in a circle.</summary>
public sealed class DependencyTests
{
    public static TheoryData<string> AllRooms => [.. Rooms.MayUse.Keys];

    [Fact]
    public void Every_project_is_a_room_that_is_drawn() => Assert.Equal(Rooms.MayUse.Keys.Order(), Rooms.OnDisk.Order());

    [Theory]
    [MemberData(nameof(AllRooms))]
    public void A_room_uses_only_the_rooms_below_it(string room)
    {
        using var assembly = AssemblyDefinition.ReadAssembly(Rooms.AssemblyPath(room));
        IEnumerable<string> used = assembly.MainModule.AssemblyReferences.Select(r => r.Name)
            .Where(name => name.StartsWith("Inferometer.", StringComparison.Ordinal)).Select(name => name["Inferometer.".Length..]);
        Assert.Empty(used.Except(Rooms.MayUse[room], StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(AllRooms))]
    public void Folders_of_a_room_depend_on_each_other_in_one_direction(string room)
    {
        using var assembly = AssemblyDefinition.ReadAssembly(Rooms.AssemblyPath(room));
        string root = $"Inferometer.{room}";
        Dictionary<(string From, string To), string> arrows = [];
        foreach ((TypeDefinition user, TypeReference used) in TypeDependencies.Of(assembly))
        {
            (string from, string to) = (TypeDependencies.FolderOf(user), TypeDependencies.FolderOf(used));
            if (!string.Equals(from, to, StringComparison.Ordinal) && IsIn(root, from) && IsIn(root, to))
            {
                arrows.TryAdd((from, to), $"{user.Name} uses {used.Name}");
            }
        }

        IReadOnlyList<string> circle = FolderGraph.FindCircle(arrows.Keys);
        Assert.True(
            circle.Count == 0,
            $"{room}: a circle of folders:\n" + string.Join('\n', circle.Zip(circle.Skip(1).Append(circle.FirstOrDefault()!))
            .Select(step => $"  {step.First} -> {step.Second}: {arrows[step]}")));
    }

    [Theory]
    [MemberData(nameof(AllRooms))]
    public void Namespaces_are_folders(string room)
    {
        using var assembly = AssemblyDefinition.ReadAssembly(Rooms.AssemblyPath(room));
        string folder = Path.Combine(Inferometer.Tests.SharedFolder.RepositoryRoot, "src", $"Inferometer.{room}");
        IEnumerable<string> missing = assembly.MainModule.GetTypes().Select(TypeDependencies.FolderOf).Distinct(StringComparer.Ordinal)
            .Where(space => IsIn($"Inferometer.{room}", space))
            .Where(space =>
                !Directory.Exists(
                    Path.Combine(
                        folder, space[$"Inferometer.{room}".Length..].Replace('.', Path.DirectorySeparatorChar)
                            .TrimStart(Path.DirectorySeparatorChar))));
        Assert.Empty(missing);
    }

    [Fact]
    public void A_circle_is_found()
    {
        Assert.Empty(FolderGraph.FindCircle([("a", "b"), ("b", "c"), ("a", "c")]));
        Assert.Equal(["b", "c", "d"], FolderGraph.FindCircle([("a", "b"), ("b", "c"), ("c", "d"), ("d", "b"), ("d", "e")]));
    }

    private static bool IsIn(string root, string space) =>
        space.Equals(root, StringComparison.Ordinal) || space.StartsWith(root + ".", StringComparison.Ordinal);
}
