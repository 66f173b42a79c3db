using System.Runtime.InteropServices;
using Inferometer.Inference.Engine;

namespace Inferometer.Server.Generation;

/// <summary>A piece of one of the answers to a request.</summary>
/// <param name="Choice">Which answer, from 0.</param>
/// <param name="Update">The piece.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ChoiceUpdate(int Choice, GenerationUpdate Update);
