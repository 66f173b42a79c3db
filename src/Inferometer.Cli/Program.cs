// The entry point is deliberately nothing but the hand-over: everything testable is in InferometerCommand.
return await Inferometer.Cli.InferometerCommand.RunAsync(args, Console.Out, Console.Error, CancellationToken.None).ConfigureAwait(false);
