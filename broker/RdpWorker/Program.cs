using Microsoft.Win32.SafeHandles;
using Montalegre.Vdi.Native.FreeRdp;
using Montalegre.Vdi.Native.Linux;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.RdpWorker.Link;
using Montalegre.Vdi.RdpWorker.Sessions;

const int gateway = 3, machine = 4, scratch = 5;

// The test of the sandbox: lock the door, then try it.
if (args is ["try", var what])
{
    Sandbox.LockDown();
    return Sandbox.Try(Enum.Parse<ForbiddenThing>(what));
}

// Left open: the threads below still use it when this one ends, and the end of the process closes it.
var link = new GatewayLink(new InheritedSocket(gateway));
var writing = link.StartWriting();
link.Send([(byte)WorkerMessage.Ready]);
if (link.Receive() is not { } first) return 0;
var start = WorkerStart.Read(first.Buffer.AsSpan(0, first.Length));
Array.Clear(first.Buffer);
using var drive = start.Drive.Megabytes > 0 ? new SafeFileHandle(scratch, ownsHandle: true) : null;
using var worker = new DesktopWorker(link, start, machine, drive);
Array.Clear(start.Secret);
// Nothing of the machine has been read so far; from here on its bytes may do what they like.
Sandbox.LockDown();
new Thread(worker.ReadAll) { IsBackground = true, Name = "from gateway" }.Start();
var end = worker.Run();
link.Over(end);
link.Complete();
writing.Join(TimeSpan.FromSeconds(2));
return 0;
