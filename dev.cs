#!/usr/bin/env -S dotnet run
#:project tests/Rig/Montalegre.Vdi.Rig.csproj

// The one entry point: dotnet run dev.cs -- up | test | check | bench | fuzz | image | cli
[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

return await Montalegre.Vdi.Rig.Commands.DevCommand.RunAsync(args);
