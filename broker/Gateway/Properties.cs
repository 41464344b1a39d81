using System.Runtime.Versioning;

// The gateway runs on Linux: file modes protect its keys.
[assembly: SupportedOSPlatform("linux")]
