using Microsoft.AspNetCore.Routing;

namespace Inferometer.Server.Wire;

/// <summary>
/// A family of routes. The host maps every group it is given; what they share (keys, limits, errors, counting) is done around them. A route
/// states how its errors are written by an <see cref="ErrorStyle"/> among its metadata, and that it needs no key by
/// <see cref="OpenRoute"/>.
/// </summary>
internal interface IEndpointGroup
{
    /// <summary>Adds the routes.</summary>
    void Map(IEndpointRouteBuilder routes);
}
