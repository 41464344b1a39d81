/*
 * An RDP server that takes every device a client offers and prints, one line each, what really came: Debian's xrdp knows no
 * printers and no USB, and never hears of a FreeRDP client's drives. One connection, no picture; libfreerdp does the protocol.
 */
#include <arpa/inet.h>
#include <freerdp/freerdp.h>
#include <freerdp/channels/channels.h>
#include <freerdp/peer.h>
#include <freerdp/server/rdpdr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <winpr/ssl.h>
#include <winpr/wtsapi.h>

#define READ_MOST 4096

enum dynamic_state { ASKED, ANSWERED };

static struct { const char* name; HANDLE channel; enum dynamic_state state; } dynamic[] = { { .name = "URBDRC" }, { .name = "AUDIO_INPUT" }, { .name = "AUDIO_PLAYBACK_DVC" } };
static const char* const statics[] = { "cliprdr", "rdpdr", "rdpsnd" };
static BOOL active;

static BOOL post_connect(freerdp_peer* peer) { (void)peer; return TRUE; }
static BOOL activate(freerdp_peer* peer) { (void)peer; active = TRUE; return TRUE; }

static void on_read(RdpdrServerContext* rdpdr, void* data, UINT32 status, const char* buffer, UINT32 length)
{
	(void)rdpdr; (void)data;
	if (status == 0) printf("file %.*s\n", (int)length, buffer);
	else printf("file not read, %08x\n", status);
}

static void on_open(RdpdrServerContext* rdpdr, void* data, UINT32 status, UINT32 device, UINT32 file)
{
	if (status == 0) rdpdr->DriveReadFile(rdpdr, data, device, file, READ_MOST, 0);
	else printf("file not opened, %08x\n", status);
}

static void on_drive(RdpdrServerContext* rdpdr, UINT32 device, const char* name)
{
	printf("drive %s\n", name);
	rdpdr->DriveOpenFile(rdpdr, NULL, device, "\\offered.txt", GENERIC_READ, 1 /* FILE_OPEN */);
}

static void on_printer(RdpdrServerContext* rdpdr, UINT32 device, const char* name) { (void)rdpdr; (void)device; printf("printer %s\n", name); }
static void on_card(RdpdrServerContext* rdpdr, UINT32 device, const char* name) { (void)rdpdr; (void)device; printf("smartcard %s\n", name); }

static void open_static(HANDLE vcm, rdpContext* context)
{
	for (size_t i = 0; i < sizeof statics / sizeof *statics; i++)
		printf("%s %s\n", WTSVirtualChannelManagerIsChannelJoined(vcm, statics[i]) ? "joined" : "without", statics[i]);
	if (!WTSVirtualChannelManagerIsChannelJoined(vcm, "rdpdr")) return;
	RdpdrServerContext* rdpdr = rdpdr_server_context_new(vcm);
	rdpdr->rdpcontext = context;
	rdpdr->supportsDrives = rdpdr->supportsPorts = rdpdr->supportsPrinters = rdpdr->supportsSmartcards = TRUE;
	rdpdr->OnDriveCreate = on_drive;
	rdpdr->OnDriveOpenFileComplete = on_open;
	rdpdr->OnDriveReadFileComplete = on_read;
	rdpdr->OnPrinterCreate = on_printer;
	rdpdr->OnSmartcardCreate = on_card;
	if (rdpdr->Start(rdpdr) != 0) printf("rdpdr did not start\n");
}

static void open_dynamic(HANDLE vcm)
{
	DWORD* session = NULL;
	DWORD length = 0;
	if (!WTSQuerySessionInformationA(vcm, WTS_CURRENT_SESSION, WTSSessionId, (LPSTR*)&session, &length)) exit(1);
	for (size_t i = 0; i < sizeof dynamic / sizeof *dynamic; i++)
		dynamic[i].channel = WTSVirtualChannelOpenEx(*session, (LPSTR)dynamic[i].name, WTS_CHANNEL_OPTION_DYNAMIC);
	WTSFreeMemory(session);
}

static void look_at_dynamic(void)
{
	for (size_t i = 0; i < sizeof dynamic / sizeof *dynamic; i++)
	{
		if (dynamic[i].state == ANSWERED || !dynamic[i].channel) continue;
		void* ready = NULL;
		DWORD length = 0;
		const BOOL known = WTSVirtualChannelQuery(dynamic[i].channel, WTSVirtualChannelReady, &ready, &length);
		if (!known) printf("refused %s\n", dynamic[i].name);
		else if (*(BOOL*)ready) printf("opened %s\n", dynamic[i].name);
		if (!known || *(BOOL*)ready) dynamic[i].state = ANSWERED;
		WTSFreeMemory(ready);
	}
}

static void serve(int socket, const char* certificate, const char* key)
{
	freerdp_peer* peer = freerdp_peer_new(socket);
	if (!peer || !freerdp_peer_context_new(peer)) exit(1);
	HANDLE vcm = WTSOpenServerA((LPSTR)peer->context);
	peer->settings->CertificateFile = strdup(certificate);
	peer->settings->PrivateKeyFile = strdup(key);
	peer->settings->RdpSecurity = peer->settings->NlaSecurity = FALSE;
	peer->settings->TlsSecurity = TRUE;
	peer->PostConnect = post_connect;
	peer->Activate = activate;
	if (!peer->Initialize(peer)) exit(1);
	BOOL began = FALSE, asked = FALSE;
	for (;;)
	{
		HANDLE events[32];
		DWORD count = peer->GetEventHandles(peer, events, 31);
		events[count++] = WTSVirtualChannelManagerGetEventHandle(vcm);
		WaitForMultipleObjects(count, events, FALSE, 50);
		if (!peer->CheckFileDescriptor(peer) || !WTSVirtualChannelManagerCheckFileDescriptor(vcm)) break;
		if (active && !began) { began = TRUE; printf("active\n"); open_static(vcm, peer->context); }
		if (began && !asked && WTSVirtualChannelManagerGetDrdynvcState(vcm) == DRDYNVC_STATE_READY) { asked = TRUE; open_dynamic(vcm); }
		if (asked) look_at_dynamic();
	}
	printf("closed\n");
}

int main(int count, char** argument)
{
	if (count != 4) return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	WTSRegisterWtsApiFunctionTable(FreeRDP_InitWtsApi());
	winpr_InitializeSSL(WINPR_SSL_INIT_DEFAULT);
	const int door = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
	setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argument[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (door < 0 || bind(door, (struct sockaddr*)&here, sizeof here) != 0 || listen(door, 1) != 0) { perror("listen"); return 1; }
	printf("listening\n");
	const int one = accept(door, NULL, NULL);
	if (one < 0) { perror("accept"); return 1; }
	serve(one, argument[2], argument[3]);
	return 0;
}
