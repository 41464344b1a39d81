/* Clipboard and screen size: the channels beside the picture. */
#include <stdlib.h>
#include <string.h>

#include <freerdp/channels/cliprdr.h>
#include <freerdp/channels/disp.h>
#include <freerdp/channels/rdpgfx.h>
#include <winpr/user.h>

#include "session.h"

enum
{
	FORMAT_TEXT = 1,
	FORMAT_PNG = 2,
	FORMAT_DIB = 4,
	OUR_PNG = 0xC0A0, /* the number under which we offer PNG; the machine asks by it */
	LONGEST_DATA = 32 * 1024 * 1024,
};

#if FREERDP_VERSION_MAJOR >= 3
#define TYPE(pdu, value) (pdu).common.msgType = (value)
#define FLAGS(pdu, value) (pdu).common.msgFlags = (value)
#define LENGTH(pdu, value) (pdu).common.dataLen = (value)
#define FLAGS_OF(pdu) (pdu)->common.msgFlags
#define LENGTH_OF(pdu) (pdu)->common.dataLen
#else
#define TYPE(pdu, value) (pdu).msgType = (value)
#define FLAGS(pdu, value) (pdu).msgFlags = (value)
#define LENGTH(pdu, value) (pdu).dataLen = (value)
#define FLAGS_OF(pdu) (pdu)->msgFlags
#define LENGTH_OF(pdu) (pdu)->dataLen
#endif

static mv_session* of(const CliprdrClientContext* clipboard)
{
	return clipboard->custom;
}

static UINT send_offer(mv_session* session)
{
	static char png[] = "image/png";
	CLIPRDR_FORMAT formats[3] = { { 0 } };
	CLIPRDR_FORMAT_LIST list = { 0 };
	UINT32 count = 0;
	if (session->clipboard_formats & FORMAT_TEXT)
		formats[count++].formatId = CF_UNICODETEXT;
	if (session->clipboard_formats & FORMAT_DIB)
		formats[count++].formatId = CF_DIB;
	if (session->clipboard_formats & FORMAT_PNG)
	{
		formats[count].formatId = OUR_PNG;
		formats[count++].formatName = png;
	}
	TYPE(list, CB_FORMAT_LIST);
	list.numFormats = count;
	list.formats = formats;
	return session->clipboard->ClientFormatList(session->clipboard, &list);
}

static UINT monitor_ready(CliprdrClientContext* clipboard, const CLIPRDR_MONITOR_READY* ready)
{
	CLIPRDR_GENERAL_CAPABILITY_SET general = { 0 };
	CLIPRDR_CAPABILITIES capabilities = { 0 };
	general.capabilitySetType = CB_CAPSTYPE_GENERAL;
	general.capabilitySetLength = 12;
	general.version = CB_CAPS_VERSION_2;
	general.generalFlags = CB_USE_LONG_FORMAT_NAMES;
	capabilities.cCapabilitiesSets = 1;
	capabilities.capabilitySets = (CLIPRDR_CAPABILITY_SET*)&general;
	const UINT error = clipboard->ClientCapabilities(clipboard, &capabilities);
	return error ? error : send_offer(of(clipboard));
}

static UINT server_formats(CliprdrClientContext* clipboard, const CLIPRDR_FORMAT_LIST* list)
{
	mv_session* session = of(clipboard);
	CLIPRDR_FORMAT_LIST_RESPONSE response = { 0 };
	TYPE(response, CB_FORMAT_LIST_RESPONSE);
	FLAGS(response, CB_RESPONSE_OK);
	const UINT error = clipboard->ClientFormatListResponse(clipboard, &response);
	if (error)
		return error;
	uint32_t offered = 0;
	session->png_format = 0;
	for (UINT32 i = 0; i < list->numFormats; i++)
	{
		const CLIPRDR_FORMAT* format = &list->formats[i];
		if (format->formatId == CF_UNICODETEXT)
			offered |= FORMAT_TEXT;
		else if (format->formatId == CF_DIB)
			offered |= FORMAT_DIB;
		else if (format->formatName && (strcmp(format->formatName, "image/png") == 0 || strcmp(format->formatName, "PNG") == 0))
		{
			offered |= FORMAT_PNG;
			session->png_format = format->formatId;
		}
	}
	session->to.clipboard_formats(session->to.user, offered);
	return CHANNEL_RC_OK;
}

static UINT server_asks(CliprdrClientContext* clipboard, const CLIPRDR_FORMAT_DATA_REQUEST* request)
{
	mv_session* session = of(clipboard);
	const uint32_t format = request->requestedFormatId == CF_UNICODETEXT ? FORMAT_TEXT : request->requestedFormatId == CF_DIB ? FORMAT_DIB
	                        : request->requestedFormatId == OUR_PNG ? FORMAT_PNG : 0;
	session->to.clipboard_wanted(session->to.user, format);
	return CHANNEL_RC_OK;
}

static UINT server_answers(CliprdrClientContext* clipboard, const CLIPRDR_FORMAT_DATA_RESPONSE* response)
{
	mv_session* session = of(clipboard);
	const UINT32 length = LENGTH_OF(response);
	if ((FLAGS_OF(response) & CB_RESPONSE_OK) && response->requestedFormatData && length <= LONGEST_DATA && session->wanted_format)
		session->to.clipboard_data(session->to.user, session->wanted_format, response->requestedFormatData, length);
	session->wanted_format = 0;
	return CHANNEL_RC_OK;
}

static UINT nothing_to_do(CliprdrClientContext* clipboard, const CLIPRDR_FORMAT_LIST_RESPONSE* response)
{
	return CHANNEL_RC_OK;
}

static UINT capabilities_arrived(CliprdrClientContext* clipboard, const CLIPRDR_CAPABILITIES* capabilities)
{
	return CHANNEL_RC_OK;
}

static UINT display_ready(DispClientContext* display, UINT32 monitors, UINT32 factor_a, UINT32 factor_b)
{
	mv_session* session = display->custom;
	const UINT64 pixels = (UINT64)monitors * factor_a * factor_b;
	session->monitors = monitors;
	session->to.resizable(session->to.user, monitors, pixels > UINT32_MAX ? UINT32_MAX : (UINT32)pixels);
	return CHANNEL_RC_OK;
}

void mv_channel_connected(void* context, const ChannelConnectedEventArgs* event)
{
	mv_session* session = session_of(context);
	if (strcmp(event->name, CLIPRDR_SVC_CHANNEL_NAME) == 0)
	{
		CliprdrClientContext* clipboard = event->pInterface;
		clipboard->custom = session;
		clipboard->MonitorReady = monitor_ready;
		clipboard->ServerCapabilities = capabilities_arrived;
		clipboard->ServerFormatList = server_formats;
		clipboard->ServerFormatListResponse = nothing_to_do;
		clipboard->ServerFormatDataRequest = server_asks;
		clipboard->ServerFormatDataResponse = server_answers;
		session->clipboard = clipboard;
	}
	else if (strcmp(event->name, DISP_DVC_CHANNEL_NAME) == 0)
	{
		DispClientContext* display = event->pInterface;
		display->custom = session;
		display->DisplayControlCaps = display_ready;
		session->display = display;
	}
	else if (strcmp(event->name, RDPGFX_DVC_CHANNEL_NAME) == 0)
		mv_graphics_open(session, event->pInterface);
}

void mv_channel_disconnected(void* context, const ChannelDisconnectedEventArgs* event)
{
	mv_session* session = session_of(context);
	if (strcmp(event->name, CLIPRDR_SVC_CHANNEL_NAME) == 0)
		session->clipboard = NULL;
	else if (strcmp(event->name, DISP_DVC_CHANNEL_NAME) == 0)
	{
		session->display = NULL;
		session->monitors = 0;
		session->to.resizable(session->to.user, 0, 0);
	}
	else if (strcmp(event->name, RDPGFX_DVC_CHANNEL_NAME) == 0)
		mv_graphics_close(session);
}

static mv_rect around(const mv_rect* monitors, uint32_t count)
{
	mv_rect all = { 0 };
	for (uint32_t i = 0; i < count; i++)
	{
		all.w = MAX(all.w, monitors[i].x + monitors[i].w);
		all.h = MAX(all.h, monitors[i].y + monitors[i].h);
	}
	return all;
}

void mv_carry_out_resize(mv_session* session, const mv_rect* monitors, uint32_t count, uint32_t scale_percent)
{
	if (!session->display || session->monitors == 0)
		return;
	const mv_rect all = around(monitors, count);
	if (count > session->monitors)
	{
		monitors = &all;
		count = 1;
	}
	DISPLAY_CONTROL_MONITOR_LAYOUT layout[MV_MONITORS] = { { 0 } };
	for (uint32_t i = 0; i < count; i++)
	{
		layout[i].Flags = i == 0 ? DISPLAY_CONTROL_MONITOR_PRIMARY : 0;
		layout[i].Left = monitors[i].x;
		layout[i].Top = monitors[i].y;
		layout[i].Width = monitors[i].w;
		layout[i].Height = monitors[i].h;
		layout[i].PhysicalWidth = monitors[i].w;
		layout[i].PhysicalHeight = monitors[i].h;
		layout[i].DesktopScaleFactor = scale_percent;
		layout[i].DeviceScaleFactor = 100;
	}
	session->display->SendMonitorLayout(session->display, count, layout);
}

void mv_carry_out_offer(mv_session* session, uint32_t formats)
{
	session->clipboard_formats = formats;
	if (session->clipboard)
		send_offer(session);
}

void mv_carry_out_request(mv_session* session, uint32_t format)
{
	if (!session->clipboard || (format == FORMAT_PNG && !session->png_format))
		return;
	CLIPRDR_FORMAT_DATA_REQUEST request = { 0 };
	TYPE(request, CB_FORMAT_DATA_REQUEST);
	request.requestedFormatId = format == FORMAT_TEXT ? CF_UNICODETEXT : format == FORMAT_PNG ? session->png_format : CF_DIB;
	session->wanted_format = format;
	session->clipboard->ClientFormatDataRequest(session->clipboard, &request);
}

void mv_carry_out_answer(mv_session* session, uint32_t format, const uint8_t* data, uint32_t length)
{
	if (!session->clipboard)
		return;
	CLIPRDR_FORMAT_DATA_RESPONSE response = { 0 };
	TYPE(response, CB_FORMAT_DATA_RESPONSE);
	FLAGS(response, format ? CB_RESPONSE_OK : CB_RESPONSE_FAIL);
	LENGTH(response, format ? length : 0);
	response.requestedFormatData = format ? data : NULL;
	session->clipboard->ClientFormatDataResponse(session->clipboard, &response);
}
