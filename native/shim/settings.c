/* What libfreerdp is told about one session before it connects. */
#include "session.h"

enum
{
	/* Counted in turns of a loop that waits 4 ms instead of 100; see sleep.c. */
	CONNECT_TURNS = 15000 * 25,
};

static BOOL set_texts(rdpSettings* settings, const mv_config* config)
{
	return freerdp_settings_set_string(settings, FreeRDP_ServerHostname, "|") && /* "|": the port is a connected socket */
	       freerdp_settings_set_string(settings, FreeRDP_Username, config->user ? config->user : "") &&
	       freerdp_settings_set_string(settings, FreeRDP_Domain, config->domain ? config->domain : "") &&
	       freerdp_settings_set_string(settings, FreeRDP_Password, config->password ? config->password : "") &&
	       freerdp_settings_set_string(settings, FreeRDP_ClientHostname, config->client_name ? config->client_name : "browser") &&
	       freerdp_settings_set_string(settings, FreeRDP_AlternateShell, config->program ? config->program : "");
}

BOOL mv_set_all(rdpSettings* settings, const mv_config* config)
{
	const BOOL gfx = (config->flags & MV_USE_GFX) != 0, h264 = (config->flags & MV_USE_H264) != 0;
	const struct { size_t key; BOOL value; } switches[] = {
		{ FreeRDP_ExternalCertificateManagement, TRUE },
		{ FreeRDP_RdpSecurity, FALSE },
		{ FreeRDP_TlsSecurity, TRUE },
		{ FreeRDP_NlaSecurity, (config->flags & MV_USE_NLA) != 0 },
		{ FreeRDP_AutoLogonEnabled, config->password != NULL },
		{ FreeRDP_RedirectClipboard, (config->flags & MV_USE_CLIPBOARD) != 0 },
		{ FreeRDP_SupportDynamicChannels, TRUE },
		{ FreeRDP_SupportDisplayControl, (config->flags & MV_USE_RESIZE) != 0 },
		{ FreeRDP_DynamicResolutionUpdate, (config->flags & MV_USE_RESIZE) != 0 },
		{ FreeRDP_SupportGraphicsPipeline, gfx },
		{ FreeRDP_GfxH264, h264 },
		{ FreeRDP_GfxAVC444, h264 && (config->flags & MV_USE_AVC444) != 0 },
		{ FreeRDP_GfxAVC444v2, h264 && (config->flags & MV_USE_AVC444) != 0 },
		{ FreeRDP_GfxProgressive, FALSE },
		{ FreeRDP_RemoteFxCodec, FALSE },
		{ FreeRDP_NSCodec, FALSE },
		{ FreeRDP_FastPathOutput, TRUE },
		{ FreeRDP_FastPathInput, FALSE }, /* xrdp 0.9 loses the E1 of Pause in it; libfreerdp 3 asks the machine only, and Pause is Control there */
		{ FreeRDP_FrameMarkerCommandEnabled, TRUE },
		{ FreeRDP_BitmapCompressionDisabled, FALSE },
		{ FreeRDP_BitmapCacheEnabled, FALSE },
		{ FreeRDP_CompressionEnabled, FALSE },
		{ FreeRDP_AutoReconnectionEnabled, FALSE },
		{ FreeRDP_DeviceRedirection, FALSE },
		{ FreeRDP_NetworkAutoDetect, FALSE },
		{ FreeRDP_SupportHeartbeatPdu, FALSE },
		{ FreeRDP_SupportMultitransport, FALSE },
		/* In libfreerdp 2 it becomes true when the machine says so; in 3 it stays what it is here. */
		{ FreeRDP_UnicodeInput, FREERDP_VERSION_MAJOR >= 3 },
		{ FreeRDP_AllowFontSmoothing, TRUE },
		{ FreeRDP_DisableWallpaper, FALSE },
		{ FreeRDP_DisableFullWindowDrag, FALSE },
		{ FreeRDP_DisableMenuAnims, TRUE },
		{ FreeRDP_SoftwareGdi, TRUE },
	};
	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
		if (!freerdp_settings_set_bool(settings, (int)switches[i].key, switches[i].value))
			return FALSE;
	const struct { size_t key; UINT32 value; } numbers[] = {
		{ FreeRDP_ServerPort, (UINT32)config->socket },
		{ FreeRDP_DesktopWidth, config->width },
		{ FreeRDP_DesktopHeight, config->height },
		{ FreeRDP_DesktopScaleFactor, config->scale_percent },
		{ FreeRDP_DeviceScaleFactor, 100 },
		{ FreeRDP_ColorDepth, 32 },
		{ FreeRDP_KeyboardLayout, config->keyboard_layout },
		{ FreeRDP_TcpAckTimeout, CONNECT_TURNS },
		{ FreeRDP_ConnectionType, CONNECTION_TYPE_LAN },
		{ FreeRDP_OsMajorType, OSMAJORTYPE_UNIX },
		{ FreeRDP_OsMinorType, OSMINORTYPE_NATIVE_XSERVER },
	};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (!freerdp_settings_set_uint32(settings, (int)numbers[i].key, numbers[i].value))
			return FALSE;
	return set_texts(settings, config) && mv_set_time_zone(settings, config->time_zone) && mv_set_devices(settings, config) &&
	       mv_set_sound(settings, config) && mv_set_microphone(settings, config);
}
