/* Sound out: a device of libfreerdp's rdpsnd that hands plain samples over. Nothing compressed is offered, so that no
 * decoder of sound is ever given bytes of the machine. */
#include <stdlib.h>

#include <freerdp/client/cmdline.h>
#include <freerdp/client/rdpsnd.h>
#include <freerdp/codec/audio.h>

#include "session.h"

enum
{
	FULL_VOLUME = 0xFFFF,
	MOST_CHANNELS = 2,
	SLOWEST = 8000,
	FASTEST = 96000,
};

typedef struct
{
	rdpsndDevicePlugin base;
	mv_session* session;
	uint32_t stream;
	uint32_t volume; /* left in the low half, right in the high */
} mv_sound;

/* rdpsnd's devices are not told which session they belong to; a worker has one. */
static mv_session* only;
static uint32_t streams;

static BOOL format_supported(rdpsndDevicePlugin* device, const AUDIO_FORMAT* format)
{
	return format->wFormatTag == WAVE_FORMAT_PCM && format->wBitsPerSample == 16 && format->nChannels >= 1 && format->nChannels <= MOST_CHANNELS &&
	       format->nSamplesPerSec >= SLOWEST && format->nSamplesPerSec <= FASTEST;
}

static BOOL open_device(rdpsndDevicePlugin* device, const AUDIO_FORMAT* format, UINT32 latency)
{
	const mv_sound* sound = (const mv_sound*)device;
	if (!format_supported(device, format))
		return FALSE;
	sound->session->to.sound_format(sound->session->to.user, sound->stream, format->nChannels, format->nSamplesPerSec);
	return TRUE;
}

static UINT play(rdpsndDevicePlugin* device, const BYTE* data, size_t size)
{
	const mv_sound* sound = (const mv_sound*)device;
	sound->session->to.sound(sound->session->to.user, sound->stream, sound->volume, data, (uint32_t)size);
	return 0;
}

static UINT32 volume(rdpsndDevicePlugin* device)
{
	return ((const mv_sound*)device)->volume;
}

static BOOL set_volume(rdpsndDevicePlugin* device, UINT32 value)
{
	((mv_sound*)device)->volume = value;
	return TRUE;
}

static void close_device(rdpsndDevicePlugin* device)
{
}

static void release(rdpsndDevicePlugin* device)
{
	free(device);
}

static UINT load(PFREERDP_RDPSND_DEVICE_ENTRY_POINTS entry)
{
	mv_sound* sound = calloc(1, sizeof(*sound));
	if (!sound)
		return CHANNEL_RC_NO_MEMORY;
	sound->session = only;
	sound->stream = streams++;
	sound->volume = FULL_VOLUME | ((uint32_t)FULL_VOLUME << 16);
	sound->base.FormatSupported = format_supported;
	sound->base.Open = open_device;
	sound->base.GetVolume = volume;
	sound->base.SetVolume = set_volume;
	sound->base.Play = play;
	sound->base.Close = close_device;
	sound->base.Free = release;
	entry->pRegisterRdpsndDevice(entry->rdpsnd, &sound->base);
	return CHANNEL_RC_OK;
}

BOOL mv_set_sound(rdpSettings* settings, const mv_config* config)
{
	/* "format:1" is PCM. A machine that redirects devices looks for sound too; 0xFFFF is a format that no machine has. */
	mv_word wanted[] = { "rdpsnd", "sys:montalegre", "format:1" };
	mv_word none[] = { "rdpsnd", "sys:montalegre", "format:65535" };
	if (config->flags & MV_USE_SOUND)
		return freerdp_client_add_static_channel(settings, 3, wanted) && freerdp_client_add_dynamic_channel(settings, 3, wanted);
	return !(config->flags & (MV_USE_DEVICES)) || freerdp_client_add_static_channel(settings, 3, none);
}

void* mv_sound_entry(mv_session* session)
{
	only = session;
	return (void*)load;
}
