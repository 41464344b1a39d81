/* An RDP server without a screen, for tests: it plays a tone, listens to the microphone and prints a document, by the server
 * side of the same library that the worker's client side is from. It stands in for Windows, which is not at hand, and for
 * xrdp, which has no sound module in Debian 12, takes no printers and makes one monitor of several.
 * Usage: channel-server ADDRESS PORT CERTIFICATE KEY (sound | microphone FILE | print FILE | monitors MOST) */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <freerdp/freerdp.h>
#include <freerdp/channels/channels.h>
#include <freerdp/channels/wtsvc.h>
#include <freerdp/codec/audio.h>
#include <freerdp/listener.h>
#include <freerdp/peer.h>
#include <freerdp/server/audin.h>
#include <freerdp/server/disp.h>
#include <freerdp/server/rdpdr.h>
#include <freerdp/server/rdpsnd.h>
#include <winpr/ssl.h>
#include <winpr/synch.h>
#include <winpr/thread.h>
#include <winpr/wtsapi.h>

enum
{
	RATE = 44100,
	VOICE_RATE = 16000,
	BLOCK_MS = 20,
	BLOCK = RATE * BLOCK_MS / 1000,
	LOUD = 16000,
	BLOCKS_A_PHASE = 100,
	PRINT_PIECE = 60000,
	ENOUGH_VOICE = 64000, /* bytes: two seconds */
	MOST_HANDLES = 32,
};

static const char *certificate_file, *key_file, *mode, *file;

typedef struct
{
	rdpContext context;
	HANDLE channels;
	RdpsndServerContext* sound;
	audin_server_context* microphone;
	DispServerContext* display;
	RdpdrServerContext* devices;
	int listens, heard_enough;
	size_t heard;
	FILE* voice;
	char* document;
	size_t length;
	UINT32 printer;
} server;

static AUDIO_FORMAT pcm(UINT16 channels, UINT32 rate)
{
	AUDIO_FORMAT format = { 0 };
	format.wFormatTag = WAVE_FORMAT_PCM;
	format.nChannels = channels;
	format.nSamplesPerSec = rate;
	format.wBitsPerSample = 16;
	format.nBlockAlign = (UINT16)(2 * channels);
	format.nAvgBytesPerSec = rate * format.nBlockAlign;
	return format;
}

/* A tone on the left and silence on the right; the second phase at a quarter of the volume, as a person would turn it down. */
static DWORD WINAPI play(LPVOID argument)
{
	RdpsndServerContext* sound = argument;
	INT16 block[BLOCK * 2];
	for (int phase = 0, at = 0; phase < 2; phase++)
	{
		if (phase == 1)
			sound->SetVolume(sound, 0x4000, 0x4000);
		for (int i = 0; i < BLOCKS_A_PHASE; i++)
		{
			for (int frame = 0; frame < BLOCK; frame++, at++)
			{
				block[2 * frame] = (INT16)(LOUD * sin(2 * M_PI * 441 * at / RATE));
				block[2 * frame + 1] = 0;
			}
			/* As they are: the library's own way would send them as unsigned numbers, which PCM of 16 bits never is. */
			sound->SendSamples2(sound, sound->selected_client_format, block, sizeof(block), (UINT16)(i * BLOCK_MS), (UINT32)(i * BLOCK_MS));
			Sleep(BLOCK_MS);
		}
	}
	sound->Close(sound);
	return 0;
}

static void sound_activated(RdpsndServerContext* sound)
{
	for (UINT16 i = 0; i < sound->num_client_formats; i++)
	{
		if (sound->client_formats[i].nSamplesPerSec != RATE || sound->client_formats[i].wFormatTag != WAVE_FORMAT_PCM)
			continue;
		sound->SelectFormat(sound, i);
		CloseHandle(CreateThread(NULL, 0, play, sound, 0, NULL));
		return;
	}
	fprintf(stderr, "no PCM among %d formats\n", sound->num_client_formats);
}

static BOOL start_sound(server* s)
{
	static AUDIO_FORMAT formats[2], source;
	formats[0] = source = pcm(2, RATE);
	/* One that the client must not take: nothing compressed is to reach it. */
	formats[1] = formats[0];
	formats[1].wFormatTag = WAVE_FORMAT_ALAW;
	s->sound = rdpsnd_server_context_new(s->channels);
	s->sound->rdpcontext = &s->context;
	s->sound->data = s;
	s->sound->server_formats = formats;
	s->sound->num_server_formats = 2;
	s->sound->src_format = &source;
	s->sound->Activated = sound_activated;
	return s->sound->Initialize(s->sound, TRUE) == CHANNEL_RC_OK;
}

static UINT microphone_opening(audin_server_context* microphone)
{
	return microphone->SelectFormat(microphone, 0);
}

static UINT microphone_opened(audin_server_context* microphone, UINT32 result)
{
	return CHANNEL_RC_OK;
}

static UINT microphone_heard(audin_server_context* microphone, const AUDIO_FORMAT* format, wStream* samples, size_t frames)
{
	server* s = microphone->data;
	const size_t length = frames * 2;
	/* The library reads 16 bit PCM as unsigned; here it is turned back. */
	for (size_t i = 0; i < length; i += 2)
		Stream_Pointer(samples)[i + 1] ^= 0x80;
	fwrite(Stream_Pointer(samples), 1, length, s->voice);
	fflush(s->voice);
	s->heard += length;
	if (s->heard >= ENOUGH_VOICE)
		s->heard_enough = 1;
	return CHANNEL_RC_OK;
}

static void start_microphone(server* s)
{
	static AUDIO_FORMAT format, wanted;
	format = wanted = pcm(1, VOICE_RATE);
	s->voice = fopen(file, "wb");
	s->microphone = audin_server_context_new(s->channels);
	s->microphone->rdpcontext = &s->context;
	s->microphone->data = s;
	s->microphone->server_formats = &format;
	s->microphone->num_server_formats = 1;
	s->microphone->dst_format = &wanted;
	s->microphone->frames_per_packet = VOICE_RATE * BLOCK_MS / 1000;
	s->microphone->Opening = microphone_opening;
	s->microphone->OpenResult = microphone_opened;
	s->microphone->ReceiveSamples = microphone_heard;
	s->listens = s->microphone->Open(s->microphone);
}

static void printer_announced(RdpdrServerContext* devices, UINT32 id, const char* name)
{
	server* s = devices->data;
	fprintf(stderr, "printer %u %s\n", id, name);
	s->printer = id;
	/* A document is a file to RDPDR, opened, written and closed. */
	devices->DriveOpenFile(devices, s, id, "", 0x40000000, 2);
}

/* All of it at once: libfreerdp's server takes the answer to a write for the answer to a read, finds it too short, and reads
 * this channel no further. What was sent before that still arrives. */
static void document_opened(RdpdrServerContext* devices, void* data, UINT32 status, UINT32 device, UINT32 id)
{
	server* s = data;
	if (status != 0)
	{
		fprintf(stderr, "the printer refused with 0x%x\n", status);
		return;
	}
	for (size_t printed = 0; printed < s->length; printed += PRINT_PIECE)
	{
		const size_t left = s->length - printed, piece = left < PRINT_PIECE ? left : PRINT_PIECE;
		devices->DriveWriteFile(devices, s, s->printer, id, s->document + printed, (UINT32)piece, (UINT32)printed);
	}
	devices->DriveCloseFile(devices, s, s->printer, id);
}

static void document_written(RdpdrServerContext* devices, void* data, UINT32 status, UINT32 written)
{
}

static void document_closed(RdpdrServerContext* devices, void* data, UINT32 status)
{
}

static void drive_announced(RdpdrServerContext* devices, UINT32 id, const char* name)
{
	fprintf(stderr, "drive %u %s\n", id, name);
}

static BOOL start_devices(server* s)
{
	FILE* document = fopen(file, "rb");
	if (!document)
		return FALSE;
	fseek(document, 0, SEEK_END);
	s->length = (size_t)ftell(document);
	rewind(document);
	s->document = malloc(s->length);
	const size_t got = fread(s->document, 1, s->length, document);
	fclose(document);
	s->devices = rdpdr_server_context_new(s->channels);
	s->devices->rdpcontext = &s->context;
	s->devices->data = s;
	s->devices->supportsDrives = TRUE;
	s->devices->supportsPrinters = TRUE;
	s->devices->OnDriveCreate = drive_announced;
	s->devices->OnPrinterCreate = printer_announced;
	s->devices->OnDriveOpenFileComplete = document_opened;
	s->devices->OnDriveWriteFileComplete = document_written;
	s->devices->OnDriveCloseFileComplete = document_closed;
	return got == s->length && s->devices->Start(s->devices) == CHANNEL_RC_OK;
}

static UINT monitors_wanted(DispServerContext* display, const DISPLAY_CONTROL_MONITOR_LAYOUT_PDU* layout)
{
	fprintf(stderr, "layout of %u:", layout->NumMonitors);
	for (UINT32 i = 0; i < layout->NumMonitors; i++)
	{
		const DISPLAY_CONTROL_MONITOR_LAYOUT* m = &layout->Monitors[i];
		fprintf(stderr, " %ux%u+%d+%d%s", m->Width, m->Height, m->Left, m->Top, (m->Flags & DISPLAY_CONTROL_MONITOR_PRIMARY) ? "*" : "");
	}
	fprintf(stderr, "\n");
	return CHANNEL_RC_OK;
}

static void start_display(server* s)
{
	s->display = disp_server_context_new(s->channels);
	s->display->rdpcontext = &s->context;
	s->display->custom = s;
	s->display->MaxNumMonitors = (UINT32)atoi(file);
	s->display->MaxMonitorAreaFactorA = 4096;
	s->display->MaxMonitorAreaFactorB = 2048;
	s->display->DispMonitorLayout = monitors_wanted;
	if (s->display->Open(s->display) == CHANNEL_RC_OK)
		s->display->DisplayControlCaps(s->display);
}

static BOOL joined(server* s, const char* name)
{
	return WTSVirtualChannelManagerIsChannelJoined(s->channels, name);
}

static BOOL post_connect(freerdp_peer* peer)
{
	server* s = (server*)peer->context;
	if (strcmp(mode, "sound") == 0)
		return !joined(s, "rdpsnd") || start_sound(s);
	if (strcmp(mode, "print") == 0)
		return !joined(s, "rdpdr") || start_devices(s);
	return TRUE;
}

static BOOL activated(freerdp_peer* peer)
{
	return TRUE;
}

static BOOL context_new(freerdp_peer* peer, rdpContext* context)
{
	((server*)context)->channels = WTSOpenServerA((LPSTR)context);
	return ((server*)context)->channels != NULL;
}

static void context_free(freerdp_peer* peer, rdpContext* context)
{
	server* s = (server*)context;
	if (s->voice)
		fclose(s->voice);
	if (s->channels)
		WTSCloseServer(s->channels);
	free(s->document);
}

static void dynamic_channels(server* s)
{
	if (!joined(s, "drdynvc") || WTSVirtualChannelManagerGetDrdynvcState(s->channels) != DRDYNVC_STATE_READY)
		return;
	if (strcmp(mode, "monitors") == 0 && !s->display)
		start_display(s);
	if (strcmp(mode, "microphone") != 0)
		return;
	if (!s->microphone)
		start_microphone(s);
	if (s->listens && s->heard_enough)
	{
		s->microphone->Close(s->microphone);
		s->listens = 0;
	}
}

static DWORD WINAPI serve(LPVOID argument)
{
	freerdp_peer* peer = argument;
	peer->ContextSize = sizeof(server);
	peer->ContextNew = context_new;
	peer->ContextFree = context_free;
	if (!freerdp_peer_context_new(peer))
		return 1;
	rdpSettings* settings = peer->context->settings;
	freerdp_settings_set_string(settings, FreeRDP_CertificateFile, certificate_file);
	freerdp_settings_set_string(settings, FreeRDP_PrivateKeyFile, key_file);
	freerdp_settings_set_bool(settings, FreeRDP_RdpSecurity, FALSE);
	freerdp_settings_set_bool(settings, FreeRDP_NlaSecurity, FALSE);
	freerdp_settings_set_bool(settings, FreeRDP_TlsSecurity, TRUE);
	freerdp_settings_set_uint32(settings, FreeRDP_ColorDepth, 32);
	peer->PostConnect = post_connect;
	peer->Activate = activated;
	peer->Initialize(peer);
	server* s = (server*)peer->context;
	while (1)
	{
		HANDLE handles[MOST_HANDLES];
		DWORD count = peer->GetEventHandles(peer, handles, MOST_HANDLES - 1);
		if (count == 0)
			break;
		handles[count++] = WTSVirtualChannelManagerGetEventHandle(s->channels);
		if (WaitForMultipleObjects(count, handles, FALSE, 200) == WAIT_FAILED || peer->CheckFileDescriptor(peer) != TRUE ||
		    WTSVirtualChannelManagerCheckFileDescriptor(s->channels) != TRUE)
			break;
		dynamic_channels(s);
	}
	/* One client is all this is for: the process goes with the test. */
	peer->Disconnect(peer);
	return 0;
}

static BOOL accepted(freerdp_listener* listener, freerdp_peer* peer)
{
	HANDLE thread = CreateThread(NULL, 0, serve, peer, 0, NULL);
	return thread && CloseHandle(thread);
}

int main(int argc, char** argv)
{
	if (argc < 6 || (strcmp(argv[5], "sound") != 0 && argc < 7))
	{
		fprintf(stderr, "usage: channel-server ADDRESS PORT CERTIFICATE KEY (sound | microphone FILE | print FILE | monitors MOST)\n");
		return 64;
	}
	certificate_file = argv[3];
	key_file = argv[4];
	mode = argv[5];
	file = argc > 6 ? argv[6] : NULL;
	winpr_InitializeSSL(WINPR_SSL_INIT_DEFAULT);
	WTSRegisterWtsApiFunctionTable(FreeRDP_InitWtsApi());
	freerdp_listener* listener = freerdp_listener_new();
	listener->PeerAccepted = accepted;
	if (!listener->Open(listener, argv[1], (UINT16)atoi(argv[2])))
		return 1;
	while (1)
	{
		HANDLE handles[MOST_HANDLES];
		const DWORD count = listener->GetEventHandles(listener, handles, MOST_HANDLES);
		if (count == 0 || WaitForMultipleObjects(count, handles, FALSE, INFINITE) == WAIT_FAILED || !listener->CheckFileDescriptor(listener))
			return 1;
	}
}
