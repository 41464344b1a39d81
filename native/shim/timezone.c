/* The time zone of the person, for the machine. libfreerdp 2 asks the system for it, which in the sandbox knows none: this
 * definition comes first in the lookup order of the worker, as that of Sleep does. libfreerdp 3 has a setting. */
#include <string.h>

#include <winpr/timezone.h>

#include "session.h"

_Static_assert(sizeof(TIME_ZONE_INFORMATION) == MV_TIME_ZONE, "TS_TIME_ZONE_INFORMATION, MS-RDPBCGR 2.2.1.11.1.1.1.1, as it lies in memory");

#if FREERDP_VERSION_MAJOR >= 3
BOOL mv_set_time_zone(rdpSettings* settings, const uint8_t* zone)
{
	return !zone || freerdp_settings_set_pointer_len(settings, FreeRDP_ClientTimeZone, zone, 1);
}
#else
MV_EXPORT DWORD GetTimeZoneInformation(LPTIME_ZONE_INFORMATION zone);

static TIME_ZONE_INFORMATION of_the_person; /* one session a process */

BOOL mv_set_time_zone(rdpSettings* settings, const uint8_t* zone)
{
	if (zone)
		memcpy(&of_the_person, zone, sizeof(of_the_person));
	return TRUE;
}

DWORD GetTimeZoneInformation(LPTIME_ZONE_INFORMATION zone)
{
	*zone = of_the_person;
	return 0; /* TIME_ZONE_ID_UNKNOWN */
}
#endif
