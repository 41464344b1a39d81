/* What the worker calls in libfreerdp, and what is called back. No memory changes its owner across this border:
 * what a callback is given is valid inside that callback only, what a function is given is copied or read at once. */
#ifndef MONTALEGRE_RDP_H
#define MONTALEGRE_RDP_H

#include <stdint.h>

#define MV_EXPORT __attribute__((visibility("default")))

enum
{
	MV_USE_NLA = 1,
	MV_USE_CLIPBOARD = 2,
	MV_USE_GFX = 4,
	MV_USE_H264 = 8,
	MV_USE_RESIZE = 16,
	MV_USE_AVC444 = 1024,
	MV_USE_DEVICES = 0x1000,
	MV_USE_SOUND = 0x2000,
	MV_USE_MICROPHONE = 0x4000,
};

enum { MV_TIME_ZONE = 172, MV_MONITORS = 4 };

typedef struct
{
	uint32_t size; /* of this structure; a worker of another version is refused */
	int32_t socket;
	uint32_t width;
	uint32_t height;
	uint32_t scale_percent;
	uint32_t keyboard_layout;
	uint32_t flags;
	const char* user; /* UTF-8, copied; password may be NULL: then the machine asks by itself */
	const char* domain;
	const char* password;
	const char* client_name;
	const char* program; /* in place of the desktop; NULL or empty: the desktop */
	const uint8_t* time_zone; /* MV_TIME_ZONE bytes, or NULL when it is not known */
	uint8_t certificate_sha256[32];
} mv_config;

typedef struct
{
	uint16_t x, y, w, h;
} mv_rect;

typedef struct
{
	uint32_t size;
	void* user;
	void (*sized)(void* user, uint32_t width, uint32_t height);
	void (*painted)(void* user, int32_t x, int32_t y, int32_t w, int32_t h);
	/* Called on the session's thread after each batch of events; answers the milliseconds after which it wants to be called again. */
	uint32_t (*tick)(void* user, const uint8_t* pixels, uint32_t stride, uint32_t width, uint32_t height);
	/* No rectangles: a decoder needs the unit for those that come, and nothing of it is shown. Answers 1 to have it decoded and drawn here. */
	uint32_t (*h264)(void* user, uint32_t surface, uint32_t origin_x, uint32_t origin_y, uint32_t width, uint32_t height,
	             const mv_rect* rects, uint32_t count, const uint8_t* unit, uint32_t length);
	void (*h264_end)(void* user, uint32_t surface);
	/* The end of a graphics frame; waits, bounded, until the browser has room, so that the machine slows down with it. */
	void (*frame_end)(void* user);
	void (*pointer)(void* user, uint32_t width, uint32_t height, uint32_t hot_x, uint32_t hot_y, const uint8_t* rgba);
	void (*pointer_state)(void* user, uint32_t hidden);
	void (*clipboard_formats)(void* user, uint32_t formats);
	void (*clipboard_data)(void* user, uint32_t format, const uint8_t* data, uint32_t length);
	void (*clipboard_wanted)(void* user, uint32_t format);
	void (*leds)(void* user, uint32_t leds);
	/* One whole message of the machine about redirected devices, MS-RDPEFS; on the session's thread, so it must not wait. */
	void (*device_message)(void* user, const uint8_t* data, uint32_t length);
	/* Sound of the machine: 16 bit samples, interleaved. Volume: left in the low half, right in the high. */
	void (*sound_format)(void* user, uint32_t stream, uint32_t channels, uint32_t rate);
	void (*sound)(void* user, uint32_t stream, uint32_t volume, const uint8_t* data, uint32_t length);
	/* A program of the machine listens, or does no more. */
	void (*microphone)(void* user, uint32_t on, uint32_t channels, uint32_t rate);
	/* The machine takes another size: so many monitors (MS-RDPEDISP 2.2.2.1) of so many pixels together; 0 when it does not any more. */
	void (*resizable)(void* user, uint32_t monitors, uint32_t pixels);
} mv_callbacks;

/* How a session ended. */
enum
{
	MV_ENDED = 0,             /* the machine or mv_stop ended it */
	MV_NO_ANSWER = 1,         /* nothing that speaks RDP, or the connection broke */
	MV_OTHER_CERTIFICATE = 2, /* not the pinned one */
	MV_SIGN_IN_REFUSED = 3,
	MV_SIGNED_OUT = 4,        /* the person signed out in the desktop */
	MV_TAKEN_OVER = 5,        /* somebody connected from elsewhere */
	MV_UNSUPPORTED = 6,       /* no common security */
	MV_FAULT = 7,
};

typedef struct mv_session mv_session;

MV_EXPORT mv_session* mv_create(const mv_config* config, const mv_callbacks* callbacks);
MV_EXPORT int mv_run(mv_session* session);
MV_EXPORT void mv_stop(mv_session* session);
MV_EXPORT void mv_free(mv_session* session);

/* Whether the machine takes any character as text; known once sized was called. */
MV_EXPORT int mv_takes_text(const mv_session* session);

/* From any thread, after mv_create and before mv_free; queued, carried out on the session's thread. */
MV_EXPORT void mv_wake(mv_session* session);
MV_EXPORT void mv_key(mv_session* session, uint32_t scancode, uint32_t extended, uint32_t down);
MV_EXPORT void mv_pause_key(mv_session* session);
MV_EXPORT void mv_unicode(mv_session* session, uint32_t unit, uint32_t down);
MV_EXPORT void mv_mouse(mv_session* session, uint32_t flags, uint32_t x, uint32_t y);
MV_EXPORT void mv_mouse_extended(mv_session* session, uint32_t flags, uint32_t x, uint32_t y);
MV_EXPORT void mv_locks(mv_session* session, uint32_t leds);
/* The first monitor is the primary one, at 0,0. A machine that takes fewer gets one that holds them all. */
MV_EXPORT void mv_resize(mv_session* session, const mv_rect* monitors, uint32_t count, uint32_t scale_percent);
MV_EXPORT void mv_refresh(mv_session* session);
MV_EXPORT void mv_pause(mv_session* session, uint32_t paused);
MV_EXPORT void mv_clipboard_offer(mv_session* session, uint32_t formats);
MV_EXPORT void mv_clipboard_request(mv_session* session, uint32_t format);
MV_EXPORT void mv_clipboard_answer(mv_session* session, uint32_t format, const uint8_t* data, uint32_t length);
/* At once, on the calling thread; dropped while no program of the machine listens. */
MV_EXPORT void mv_microphone_audio(mv_session* session, const uint8_t* data, uint32_t length);
/* From any thread; dropped while the machine has no such channel. */
MV_EXPORT void mv_device_send(mv_session* session, const uint8_t* data, uint32_t length);

/* Inside tick only: brings libfreerdp's own decoder to where the browsers' are. 0: the machine is drawing, try again at the next tick.
 * Rectangles are of the screen; none: only the decoder needs the unit. */
MV_EXPORT int mv_decoding_begin(mv_session* session);
MV_EXPORT void mv_decode(mv_session* session, uint32_t surface, const mv_rect* rects, uint32_t count, const uint8_t* unit, uint32_t length);
MV_EXPORT void mv_decoding_end(mv_session* session);

/* Pixels: plain functions over the picture, without a state of their own. */
typedef struct mv_encoder mv_encoder;

MV_EXPORT mv_encoder* mv_encoder_create(void);
MV_EXPORT void mv_encoder_free(mv_encoder* encoder);
MV_EXPORT void mv_hash_rows(const uint8_t* pixels, uint32_t stride, uint32_t x, uint32_t y, uint32_t w, uint32_t h, uint64_t* hashes);
MV_EXPORT uint32_t mv_classify(const uint8_t* pixels, uint32_t stride, uint32_t x, uint32_t y, uint32_t w, uint32_t h, uint32_t* colour);
MV_EXPORT void mv_gather_rgba(const uint8_t* pixels, uint32_t stride, uint32_t x, uint32_t y, uint32_t w, uint32_t h, uint8_t* rgba);
MV_EXPORT int64_t mv_zstd(mv_encoder* encoder, const uint8_t* from, uint32_t length, uint8_t* to, uint32_t room);
MV_EXPORT int64_t mv_jpeg(mv_encoder* encoder, const uint8_t* pixels, uint32_t stride, uint32_t x, uint32_t y, uint32_t w, uint32_t h,
                          int32_t quality, uint8_t* to, uint32_t room);
MV_EXPORT int64_t mv_jpeg_room(uint32_t w, uint32_t h);

/* Pictures of a clipboard: 0 or the bytes written, -1 when it is broken or does not fit. */
MV_EXPORT int mv_png_size(const uint8_t* png, uint32_t length, uint32_t* w, uint32_t* h);
MV_EXPORT int mv_png_read(const uint8_t* png, uint32_t length, uint32_t w, uint32_t h, uint8_t* bgr, uint32_t stride);
MV_EXPORT int64_t mv_png_write(const uint8_t* rgb, uint32_t w, uint32_t h, uint8_t* to, uint32_t room);

/* From here on this process may compute, and talk on what it has open; 0, or the errno that says why not. */
MV_EXPORT int mv_lock_down(void);
/* Tries what the sandbox forbids: 0 opens a file, 1 makes a socket, 2 forks, 3 runs a program; answers the errno, if it lives. */
MV_EXPORT int mv_try_forbidden(uint32_t what);

#endif
