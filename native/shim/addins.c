/* Where libfreerdp looks for parts by name it finds ours first; all others are its own, linked in, never loaded from a file. */
#include <string.h>

#include <freerdp/addin.h>
#include <freerdp/client/channels.h>

#include "session.h"

static mv_session* only;

static PVIRTUALCHANNELENTRY find(LPCSTR name, LPCSTR subsystem, LPCSTR type, DWORD flags)
{
	void* ours = NULL;
	if (subsystem && strcmp(subsystem, "montalegre") == 0)
		ours = strcmp(name, "rdpsnd") == 0 ? mv_sound_entry(only) : strcmp(name, "audin") == 0 ? mv_microphone_entry() : NULL;
	else if (strcmp(name, "rdpdr") == 0)
	{
		if (!(flags & FREERDP_ADDIN_CHANNEL_ENTRYEX))
			return NULL;
		ours = mv_device_entry(only);
	}
	return ours ? (PVIRTUALCHANNELENTRY)ours : freerdp_channels_load_static_addin_entry(name, subsystem, type, flags);
}

BOOL mv_provide_addins(mv_session* session)
{
	only = session;
	return freerdp_register_addin_provider(find, 0) == CHANNEL_RC_OK;
}
