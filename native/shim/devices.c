/* The channel of redirected devices, RDPDR. Only its transport is here: libfreerdp 2.11 ignores xrdp's word that the
 * person has signed in, and never announces a drive then; and what a machine says there is better read in a safe language. */
#include <stdlib.h>
#include <string.h>

#include <freerdp/client/cmdline.h>
#include <freerdp/svc.h>

#include "session.h"

enum
{
	LONGEST_MESSAGE = 4 * 1024 * 1024, /* a machine writes files in pieces of 64 KiB to 1 MiB */
};

struct mv_devices
{
	mv_session* session;
	CHANNEL_ENTRY_POINTS_FREERDP_EX entry;
	void* init_handle;
	DWORD open_handle;
	int is_open;
	uint8_t* message; /* pieces of one message, until it is whole */
	size_t length, filled;
};

static mv_session* only;

static void take(mv_devices* devices, const uint8_t* data, UINT32 length, UINT32 total, UINT32 flags)
{
	if (flags & (CHANNEL_FLAG_SUSPEND | CHANNEL_FLAG_RESUME))
		return;
	if (flags & CHANNEL_FLAG_FIRST)
	{
		free(devices->message);
		devices->message = total > 0 && total <= LONGEST_MESSAGE ? malloc(total) : NULL;
		devices->length = total;
		devices->filled = 0;
	}
	if (!devices->message || length > devices->length - devices->filled)
		return;
	memcpy(devices->message + devices->filled, data, length);
	devices->filled += length;
	if (!(flags & CHANNEL_FLAG_LAST))
		return;
	devices->session->to.device_message(devices->session->to.user, devices->message, (uint32_t)devices->filled);
	free(devices->message);
	devices->message = NULL;
}

static VOID VCAPITYPE on_data(LPVOID user, DWORD handle, UINT event, LPVOID data, UINT32 length, UINT32 total, UINT32 flags)
{
	switch (event)
	{
		case CHANNEL_EVENT_DATA_RECEIVED:
			if (user)
				take(user, data, length, total, flags);
			break;
		/* For these the last argument of the write comes back. */
		case CHANNEL_EVENT_WRITE_CANCELLED:
		case CHANNEL_EVENT_WRITE_COMPLETE:
			free(data);
			break;
		default:
			break;
	}
}

static VOID VCAPITYPE on_event(LPVOID user, LPVOID init_handle, UINT event, LPVOID data, UINT length)
{
	static char name[] = "rdpdr";
	mv_devices* devices = user;
	mv_session* session = devices ? devices->session : NULL;
	if (!session)
		return;
	pthread_mutex_lock(&session->devices_lock);
	switch (event)
	{
		case CHANNEL_EVENT_CONNECTED:
			devices->is_open = devices->entry.pVirtualChannelOpenEx(init_handle, &devices->open_handle, name, on_data) == CHANNEL_RC_OK;
			break;
		case CHANNEL_EVENT_DISCONNECTED:
			if (devices->is_open)
				devices->entry.pVirtualChannelCloseEx(init_handle, devices->open_handle);
			devices->is_open = 0;
			break;
		case CHANNEL_EVENT_TERMINATED:
			session->devices = NULL;
			free(devices->message);
			free(devices);
			break;
		default:
			break;
	}
	pthread_mutex_unlock(&session->devices_lock);
}

static BOOL VCAPITYPE load(PCHANNEL_ENTRY_POINTS_EX entry, PVOID init_handle)
{
	CHANNEL_DEF channel = { .name = "rdpdr", .options = CHANNEL_OPTION_INITIALIZED | CHANNEL_OPTION_ENCRYPT_RDP };
	mv_devices* devices = calloc(1, sizeof(*devices));
	if (!devices)
		return FALSE;
	devices->session = only;
	memcpy(&devices->entry, entry, sizeof(devices->entry));
	devices->init_handle = init_handle;
	if (devices->entry.pVirtualChannelInitEx(devices, NULL, init_handle, &channel, 1, VIRTUAL_CHANNEL_VERSION_WIN2000, on_event) != CHANNEL_RC_OK)
	{
		free(devices);
		return FALSE;
	}
	only->devices = devices;
	return TRUE;
}

void mv_device_send(mv_session* session, const uint8_t* data, uint32_t length)
{
	uint8_t* copy = malloc(length ? length : 1);
	if (!copy)
		return;
	memcpy(copy, data, length);
	pthread_mutex_lock(&session->devices_lock);
	mv_devices* devices = session->devices;
	const int sent = devices && devices->is_open &&
	                 devices->entry.pVirtualChannelWriteEx(devices->init_handle, devices->open_handle, copy, length, copy) == CHANNEL_RC_OK;
	pthread_mutex_unlock(&session->devices_lock);
	if (!sent)
		free(copy);
}

BOOL mv_set_devices(rdpSettings* settings, const mv_config* config)
{
	mv_word wanted[] = { "rdpdr" };
	return !(config->flags & MV_USE_DEVICES) || freerdp_client_add_static_channel(settings, 1, wanted);
}

void* mv_device_entry(mv_session* session)
{
	only = session;
	return (void*)load;
}
