using System.Globalization;
using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Core.Hardware;

namespace Inferometer.Planning.Deployments;

/// <summary>A system that may be used, and how many of its devices there are.</summary>
/// <param name="Name">What it is named by: a name of the catalog, or a .json file.</param>
/// <param name="System">The system.</param>
/// <param name="Count">Devices there are; null = as many as are wanted.</param>
public sealed record SystemChoice(string Name, HardwareSystem System, int? Count)
{
    private const int MostDevices = 1 << 20;

    /// <summary>Reads <c>h100</c> (as many as are wanted), or <c>8xh100</c> as <see cref="CountedName"/> takes it apart.</summary>
    /// <param name="text">The text.</param>
    /// <param name="hardware">What can be named.</param>
    /// <param name="origin">Where the text came from, for errors.</param>
    /// <exception cref="DeviceCountException">The count is out of range.</exception>
    /// <exception cref="InferometerException">There is no such system.</exception>
    public static SystemChoice Parse(string text, HardwareCatalog hardware, string origin)
    {
        ArgumentNullException.ThrowIfNull(hardware);
        return Parse(text, IsName, hardware.Resolve, origin);

        bool IsName(string name)
        {
            try
            {
                _ = hardware.Resolve(name);
                return true;
            }
            catch (InferometerException)
            {
                return false;
            }
        }
    }

    /// <summary>Reads <c>h100</c> (as many as are wanted), or <c>8xh100</c> as <see cref="CountedName"/> takes it apart.</summary>
    /// <param name="text">The text.</param>
    /// <param name="isName">Whether a text names a system.</param>
    /// <param name="resolve">Finds a system by the name it is given.</param>
    /// <param name="origin">Where the text came from, for errors.</param>
    /// <exception cref="DeviceCountException">The count is out of range.</exception>
    /// <exception cref="InferometerException">There is no such system.</exception>
    public static SystemChoice Parse(string text, Func<string, bool> isName, Func<string, HardwareSystem> resolve, string origin)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(isName);
        ArgumentNullException.ThrowIfNull(resolve);
        string trimmed = text.Trim();
        if (!CountedName.TryRead(trimmed, isName, out CountedName? counted))
        {
            return new SystemChoice(trimmed, Find(trimmed), Count: null);
        }

        return counted.Count is { } count
            ? new SystemChoice(counted.Name, Find(counted.Name), count)
            : throw new DeviceCountException($"{origin}: '{text}': the number of devices must be from 1 to {MostDevices}.");

        HardwareSystem Find(string what)
        {
            HardwareSystem system;
            try
            {
                system = resolve(what);
            }
            catch (InferometerException error)
            {
                throw new InferometerException($"{origin}: {error.Message}", error);
            }

            return system.Devices.Count == 0 ? system : throw new InferometerException(
                $"{origin}: '{what}' is one machine of unequal devices; a plan is made of replicas on equal ones. Name them one by one.");
        }
    }

    /// <summary>As <see cref="Parse(string, HardwareCatalog, string)"/> reads it.</summary>
    public override string ToString() => Count is { } count
        ? string.Create(CultureInfo.InvariantCulture, $"{count} x {System.Name}")
        : System.Name;
}
