/* The microphone: a device of libfreerdp's audin. It opens and closes when a program of the machine does; samples come
 * from the browser, on the thread that reads from the gateway. */
#include <stdlib.h>
#include <string.h>

#include <freerdp/client/audin.h>
#include <freerdp/client/cmdline.h>
#include <freerdp/codec/audio.h>

#include "session.h"

enum
{
	MOST_CHANNELS = 2,
	SLOWEST = 8000,
	FASTEST = 48000,
	MOST_PACKET = 64 * 1024,
	USUAL_PACKET_MS = 20,
};

struct mv_microphone
{
	IAudinDevice base;
	mv_session* session;
	pthread_mutex_t lock;
	AUDIO_FORMAT format;
	AudinReceive receive; /* NULL while no program listens */
	void* receiver;
	uint8_t* packet; /* what is not yet a whole packet of the size the machine asked for */
	size_t packet_size, filled;
};

static BOOL format_supported(IAudinDevice* device, const AUDIO_FORMAT* format)
{
	return format->wFormatTag == WAVE_FORMAT_PCM && format->wBitsPerSample == 16 && format->nChannels >= 1 && format->nChannels <= MOST_CHANNELS &&
	       format->nSamplesPerSec >= SLOWEST && format->nSamplesPerSec <= FASTEST;
}

static UINT set_format(IAudinDevice* device, const AUDIO_FORMAT* format, UINT32 frames)
{
	mv_microphone* microphone = (mv_microphone*)device;
	if (!format_supported(device, format))
		return ERROR_INVALID_DATA;
	const size_t frame = 2u * format->nChannels;
	size_t size = (size_t)frames * frame;
	if (size == 0 || size > MOST_PACKET)
		size = format->nSamplesPerSec * USUAL_PACKET_MS / 1000 * frame;
	uint8_t* packet = malloc(size);
	if (!packet)
		return CHANNEL_RC_NO_MEMORY;
	pthread_mutex_lock(&microphone->lock);
	free(microphone->packet);
	microphone->packet = packet;
	microphone->packet_size = size;
	microphone->filled = 0;
	microphone->format = *format;
	microphone->format.cbSize = 0;
	microphone->format.data = NULL;
	pthread_mutex_unlock(&microphone->lock);
	return CHANNEL_RC_OK;
}

static UINT open_device(IAudinDevice* device, AudinReceive receive, void* receiver)
{
	mv_microphone* microphone = (mv_microphone*)device;
	pthread_mutex_lock(&microphone->lock);
	microphone->receive = receive;
	microphone->receiver = receiver;
	pthread_mutex_unlock(&microphone->lock);
	microphone->session->to.microphone(microphone->session->to.user, 1, microphone->format.nChannels, microphone->format.nSamplesPerSec);
	return CHANNEL_RC_OK;
}

static UINT close_device(IAudinDevice* device)
{
	mv_microphone* microphone = (mv_microphone*)device;
	pthread_mutex_lock(&microphone->lock);
	const int was_open = microphone->receive != NULL;
	microphone->receive = NULL;
	pthread_mutex_unlock(&microphone->lock);
	if (was_open)
		microphone->session->to.microphone(microphone->session->to.user, 0, microphone->format.nChannels, microphone->format.nSamplesPerSec);
	return CHANNEL_RC_OK;
}

static UINT release(IAudinDevice* device)
{
	mv_microphone* microphone = (mv_microphone*)device;
	mv_session* session = microphone->session;
	close_device(device);
	pthread_mutex_lock(&session->microphone_lock);
	session->microphone = NULL;
	pthread_mutex_unlock(&session->microphone_lock);
	free(microphone->packet);
	pthread_mutex_destroy(&microphone->lock);
	free(microphone);
	return CHANNEL_RC_OK;
}

static UINT load(PFREERDP_AUDIN_DEVICE_ENTRY_POINTS entry)
{
	mv_microphone* microphone = calloc(1, sizeof(*microphone));
	if (!microphone)
		return CHANNEL_RC_NO_MEMORY;
	microphone->session = session_of(entry->rdpcontext);
	pthread_mutex_init(&microphone->lock, NULL);
	microphone->base.Open = open_device;
	microphone->base.FormatSupported = format_supported;
	microphone->base.SetFormat = set_format;
	microphone->base.Close = close_device;
	microphone->base.Free = release;
	const UINT error = entry->pRegisterAudinDevice(entry->plugin, &microphone->base);
	if (error)
	{
		release(&microphone->base);
		return error;
	}
	pthread_mutex_lock(&microphone->session->microphone_lock);
	microphone->session->microphone = microphone;
	pthread_mutex_unlock(&microphone->session->microphone_lock);
	return CHANNEL_RC_OK;
}

/* INVARIANT: nothing reaches the machine while no program of it listens. */
static void speak(mv_microphone* microphone, const uint8_t* data, size_t length)
{
	pthread_mutex_lock(&microphone->lock);
	while (microphone->receive && length > 0)
	{
		const size_t room = microphone->packet_size - microphone->filled, part = length < room ? length : room;
		memcpy(microphone->packet + microphone->filled, data, part);
		microphone->filled += part;
		data += part;
		length -= part;
		if (microphone->filled < microphone->packet_size)
			break;
		microphone->filled = 0;
		microphone->receive(&microphone->format, microphone->packet, microphone->packet_size, microphone->receiver);
	}
	pthread_mutex_unlock(&microphone->lock);
}

void mv_microphone_audio(mv_session* session, const uint8_t* data, uint32_t length)
{
	pthread_mutex_lock(&session->microphone_lock);
	if (session->microphone)
		speak(session->microphone, data, length);
	pthread_mutex_unlock(&session->microphone_lock);
}

BOOL mv_set_microphone(rdpSettings* settings, const mv_config* config)
{
	mv_word wanted[] = { "audin", "sys:montalegre", "format:1" };
	return !(config->flags & MV_USE_MICROPHONE) || freerdp_client_add_dynamic_channel(settings, 3, wanted);
}

void* mv_microphone_entry(void)
{
	return (void*)load;
}
