/* What the parts of the shim share. */
#ifndef MONTALEGRE_SESSION_H
#define MONTALEGRE_SESSION_H

#include <pthread.h>

#include <freerdp/freerdp.h>
#include <freerdp/version.h>
#include <freerdp/client/cliprdr.h>
#include <freerdp/client/disp.h>
#include <freerdp/client/rdpgfx.h>
#include <freerdp/gdi/gdi.h>

#include "montalegre_rdp.h"

enum
{
	ORDERS = 512, /* input that waits for the session's thread; more is dropped, oldest last */
};

typedef struct
{
	enum { KEY, PAUSE_KEY, CHARACTER, MOUSE, MOUSE_EXTENDED, LOCKS, RESIZE, REFRESH, PAUSE, CLIP_OFFER, CLIP_REQUEST, CLIP_ANSWER } kind;
	uint32_t a, b, c;
	uint8_t* data;
} mv_order;

/* libfreerdp 2 takes these words as if it would write into them. */
#if FREERDP_VERSION_MAJOR >= 3
typedef const char* mv_word;
#else
typedef char* mv_word;
#endif

typedef struct mv_microphone mv_microphone;
typedef struct mv_devices mv_devices;

struct mv_session
{
	freerdp* instance;
	mv_callbacks to;
	uint8_t certificate_sha256[32];
	int right_certificate;
	int other_certificate;
	int sign_in_refused;
	int stopping;
	HANDLE wake;

	pthread_mutex_t orders_lock;
	mv_order orders[ORDERS];
	uint32_t first, count;

	/* INVARIANT: whoever writes into or reads from the picture holds this; RDPGFX draws on a thread of its own. */
	pthread_mutex_t picture;

	CliprdrClientContext* clipboard;
	uint32_t clipboard_formats;   /* what the browser offered last */
	uint32_t wanted_format;       /* which request of ours the next answer belongs to */
	uint32_t png_format;          /* what the machine calls PNG, 0 when it offers none */
	DispClientContext* display;
	uint32_t monitors;            /* how many the machine takes; 0 while its size is fixed */
	RdpgfxClientContext* graphics;
	pcRdpgfxSurfaceCommand surface_command;
	pcRdpgfxDeleteSurface delete_surface;
	pcRdpgfxEndFrame end_frame;

	pthread_mutex_t microphone_lock;
	mv_microphone* microphone;
	pthread_mutex_t devices_lock;
	mv_devices* devices;
};

/* libfreerdp allocates its context with ours behind it. */
typedef struct
{
	rdpContext context;
	mv_session* session;
} mv_context;

static inline mv_session* session_of(const rdpContext* context)
{
	return ((const mv_context*)context)->session;
}

BOOL mv_set_devices(rdpSettings* settings, const mv_config* config);
BOOL mv_set_sound(rdpSettings* settings, const mv_config* config);
BOOL mv_set_microphone(rdpSettings* settings, const mv_config* config);
void* mv_device_entry(mv_session* session);
void* mv_sound_entry(mv_session* session);
void* mv_microphone_entry(void);
BOOL mv_provide_addins(mv_session* session);
BOOL mv_set_time_zone(rdpSettings* settings, const uint8_t* zone);
BOOL mv_set_all(rdpSettings* settings, const mv_config* config);
void mv_channel_connected(void* context, const ChannelConnectedEventArgs* event);
void mv_channel_disconnected(void* context, const ChannelDisconnectedEventArgs* event);
void mv_graphics_open(mv_session* session, RdpgfxClientContext* graphics);
void mv_graphics_close(mv_session* session);
void mv_carry_out_resize(mv_session* session, const mv_rect* monitors, uint32_t count, uint32_t scale_percent);
void mv_carry_out_offer(mv_session* session, uint32_t formats);
void mv_carry_out_request(mv_session* session, uint32_t format);
void mv_carry_out_answer(mv_session* session, uint32_t format, const uint8_t* data, uint32_t length);

#endif
