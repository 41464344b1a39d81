/* One RDP session: its settings, its thread, what it says back, and the queue of what it is told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <freerdp/addin.h>
#include <freerdp/channels/channels.h>
#include <freerdp/client/channels.h>
#include <freerdp/client/cmdline.h>
#include <freerdp/crypto/crypto.h>
#include <freerdp/error.h>
#include <freerdp/graphics.h>
#include <freerdp/locale/keyboard.h>
#include <winpr/crypto.h>
#include <winpr/path.h>
#include <winpr/ssl.h>
#include <winpr/synch.h>
#include <winpr/wlog.h>

#include "session.h"

enum
{
	MOST_HANDLES = 64,
	LONGEST_CERTIFICATE = 64 * 1024,
	IDLE_MS = 1000,
	MOST_POINTER = 384,
	HYBRID = 2, /* selected protocols, MS-RDPBCGR 2.2.1.2.1 */
	HYBRID_EX = 8,
	CAPABILITY_VIRTUAL_CHANNEL = 0x14, /* MS-RDPBCGR 2.2.1.13.1.1.1; libfreerdp does not publish its name */
};

#if FREERDP_VERSION_MAJOR >= 3
typedef size_t mv_length;
#define shall_disconnect(instance) freerdp_shall_disconnect_context((instance)->context)
#else
typedef int mv_length;
#define shall_disconnect(instance) freerdp_shall_disconnect(instance)
#endif

/* libfreerdp hands the certificate over as PEM; what is pinned is the hash of its DER form. */
static int verify_certificate(freerdp* instance, const BYTE* data, size_t length, const char* host, UINT16 port, DWORD flags)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----", end[] = "-----END CERTIFICATE-----";
	mv_session* session = session_of(instance->context);
	char* text = length < LONGEST_CERTIFICATE ? calloc(1, length + 1) : NULL;
	if (!text)
		return -1;
	memcpy(text, data, length);
	int verdict = -1;
	char* from = strstr(text, begin);
	char* to = from ? strstr(from, end) : NULL;
	if (to)
	{
		size_t kept = 0;
		for (const char* at = from + sizeof(begin) - 1; at < to; at++)
			if (*at != '\n' && *at != '\r')
				text[kept++] = *at;
		BYTE* der = NULL;
		mv_length der_length = 0;
		BYTE hash[32];
		crypto_base64_decode(text, (mv_length)kept, &der, &der_length);
		if (der && der_length > 0 && winpr_Digest(WINPR_MD_SHA256, der, (size_t)der_length, hash, sizeof(hash)) &&
		    memcmp(hash, session->certificate_sha256, sizeof(hash)) == 0)
			verdict = 1;
		free(der);
	}
	free(text);
	session->right_certificate = verdict == 1;
	session->other_certificate = verdict != 1;
	return verdict;
}

#if FREERDP_VERSION_MAJOR >= 3
static BOOL nobody_to_ask(freerdp* instance, char** user, char** password, char** domain, rdp_auth_reason reason)
#else
static BOOL nobody_to_ask(freerdp* instance, char** user, char** password, char** domain)
#endif
{
	session_of(instance->context)->sign_in_refused = 1;
	return FALSE;
}

static int logon_error(freerdp* instance, UINT32 data, UINT32 type)
{
	return 1;
}

static BOOL pointer_new(rdpContext* context, rdpPointer* pointer)
{
	return pointer->width <= MOST_POINTER && pointer->height <= MOST_POINTER;
}

static void pointer_free(rdpContext* context, rdpPointer* pointer)
{
}

static BOOL pointer_set(rdpContext* context,
#if FREERDP_VERSION_MAJOR >= 3
                        rdpPointer* pointer)
#else
                        const rdpPointer* pointer)
#endif
{
	mv_session* session = session_of(context);
	const UINT32 w = pointer->width, h = pointer->height;
	if (w == 0 || h == 0 || w > MOST_POINTER || h > MOST_POINTER)
		return TRUE;
	BYTE* rgba = calloc((size_t)w * h, 4);
	if (!rgba)
		return FALSE;
	if (freerdp_image_copy_from_pointer_data(rgba, PIXEL_FORMAT_RGBA32, w * 4, 0, 0, w, h, pointer->xorMaskData, pointer->lengthXorMask,
	                                         pointer->andMaskData, pointer->lengthAndMask, pointer->xorBpp, &context->gdi->palette))
		session->to.pointer(session->to.user, w, h, pointer->xPos, pointer->yPos, rgba);
	free(rgba);
	return TRUE;
}

static BOOL pointer_hide(rdpContext* context)
{
	session_of(context)->to.pointer_state(session_of(context)->to.user, 1);
	return TRUE;
}

static BOOL pointer_default(rdpContext* context)
{
	session_of(context)->to.pointer_state(session_of(context)->to.user, 0);
	return TRUE;
}

static BOOL pointer_moved(rdpContext* context, UINT32 x, UINT32 y)
{
	return TRUE;
}

static BOOL begin_paint(rdpContext* context)
{
	context->gdi->primary->hdc->hwnd->invalid->null = TRUE;
	context->gdi->primary->hdc->hwnd->ninvalid = 0;
	return TRUE;
}

static BOOL end_paint(rdpContext* context)
{
	mv_session* session = session_of(context);
	const HGDI_WND window = context->gdi->primary->hdc->hwnd;
	if (window->invalid->null)
		return TRUE;
	pthread_mutex_lock(&session->picture);
	for (INT32 i = 0; i < window->ninvalid; i++)
	{
		const GDI_RGN* region = &window->cinvalid[i];
		session->to.painted(session->to.user, region->x, region->y, region->w, region->h);
	}
	pthread_mutex_unlock(&session->picture);
	return TRUE;
}

static BOOL desktop_resize(rdpContext* context)
{
	mv_session* session = session_of(context);
	const UINT32 w = freerdp_settings_get_uint32(context->settings, FreeRDP_DesktopWidth);
	const UINT32 h = freerdp_settings_get_uint32(context->settings, FreeRDP_DesktopHeight);
	pthread_mutex_lock(&session->picture);
	const BOOL done = gdi_resize(context->gdi, w, h);
	if (done)
		session->to.sized(session->to.user, w, h);
	pthread_mutex_unlock(&session->picture);
	return done;
}

static BOOL keyboard_leds(rdpContext* context, UINT16 leds)
{
	session_of(context)->to.leds(session_of(context)->to.user, leds);
	return TRUE;
}

static BOOL load_channels(freerdp* instance)
{
	return freerdp_client_load_addins(instance->context->channels, instance->context->settings);
}

static BOOL pre_connect(freerdp* instance)
{
	rdpContext* context = instance->context;
	PubSub_SubscribeChannelConnected(context->pubSub, (pChannelConnectedEventHandler)mv_channel_connected);
	PubSub_SubscribeChannelDisconnected(context->pubSub, (pChannelDisconnectedEventHandler)mv_channel_disconnected);
#if FREERDP_VERSION_MAJOR >= 3
	return TRUE; /* what was loaded before this returns is thrown away, and loaded by LoadChannels */
#else
	return load_channels(instance);
#endif
}

static BOOL post_connect(freerdp* instance)
{
	rdpContext* context = instance->context;
	if (!gdi_init(instance, PIXEL_FORMAT_BGRX32))
		return FALSE;
	rdpPointer pointer = { 0 };
	pointer.size = sizeof(pointer);
	pointer.New = pointer_new;
	pointer.Free = pointer_free;
	pointer.Set = pointer_set;
	pointer.SetNull = pointer_hide;
	pointer.SetDefault = pointer_default;
	pointer.SetPosition = pointer_moved;
	graphics_register_pointer(context->graphics, &pointer);
	context->update->BeginPaint = begin_paint;
	context->update->EndPaint = end_paint;
	context->update->DesktopResize = desktop_resize;
	context->update->SetKeyboardIndicators = keyboard_leds;
	session_of(context)->to.sized(session_of(context)->to.user, (uint32_t)context->gdi->width, (uint32_t)context->gdi->height);
	return TRUE;
}

static void post_disconnect(freerdp* instance)
{
	if (instance->context && instance->context->gdi)
		gdi_free(instance);
}

/* libfreerdp makes its folders when it first speaks TLS, and OpenSSL loads its modules then: the sandbox is closed by that time. */
static BOOL prepare(const rdpSettings* settings)
{
	static const char* const folders[] = { "", "/certs", "/server" };
	const char* root = freerdp_settings_get_string(settings, FreeRDP_ConfigPath);
	for (size_t i = 0; root && i < sizeof(folders) / sizeof(folders[0]); i++)
	{
		char path[256];
		const int length = snprintf(path, sizeof(path), "%s%s", root, folders[i]);
		if (length < 0 || (size_t)length >= sizeof(path) || !winpr_PathMakePath(path, NULL))
			return FALSE;
	}
	return root && winpr_InitializeSSL(WINPR_SSL_INIT_DEFAULT);
}

mv_session* mv_create(const mv_config* config, const mv_callbacks* callbacks)
{
	if (config->size != sizeof(*config) || callbacks->size != sizeof(*callbacks))
		return NULL;
	mv_session* session = calloc(1, sizeof(*session));
	if (!session)
		return NULL;
	session->to = *callbacks;
	memcpy(session->certificate_sha256, config->certificate_sha256, sizeof(session->certificate_sha256));
	pthread_mutexattr_t again;
	pthread_mutexattr_init(&again);
	pthread_mutexattr_settype(&again, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&session->picture, &again);
	pthread_mutex_init(&session->devices_lock, &again);
	pthread_mutexattr_destroy(&again);
	pthread_mutex_init(&session->orders_lock, NULL);
	pthread_mutex_init(&session->microphone_lock, NULL);
	/* Whatever libfreerdp would print is about bytes of the machine. */
	WLog_SetLogLevel(WLog_GetRoot(), getenv("MONTALEGRE_RDP_TRACE") ? WLOG_INFO : WLOG_OFF);
	session->wake = CreateEvent(NULL, TRUE, FALSE, NULL);
	freerdp* instance = freerdp_new();
	session->instance = instance;
	if (!session->wake || !instance)
		goto fail;
	instance->ContextSize = sizeof(mv_context);
	instance->PreConnect = pre_connect;
	instance->PostConnect = post_connect;
	instance->PostDisconnect = post_disconnect;
	instance->VerifyX509Certificate = verify_certificate;
#if FREERDP_VERSION_MAJOR >= 3
	instance->AuthenticateEx = nobody_to_ask;
	instance->LoadChannels = load_channels;
#else
	instance->Authenticate = nobody_to_ask;
#endif
	instance->LogonErrorInfo = logon_error;
	if (!freerdp_context_new(instance))
		goto fail;
	((mv_context*)instance->context)->session = session;
	if (!mv_provide_addins(session) ||
	    !mv_set_all(instance->context->settings, config) || !prepare(instance->context->settings))
		goto fail;
	return session;
fail:
	mv_free(session);
	return NULL;
}

void mv_free(mv_session* session)
{
	if (!session)
		return;
	if (session->instance)
	{
		if (session->instance->context)
			freerdp_context_free(session->instance);
		freerdp_free(session->instance);
	}
	while (session->count > 0)
	{
		free(session->orders[session->first].data);
		session->first = (session->first + 1) % ORDERS;
		session->count--;
	}
	if (session->wake)
		CloseHandle(session->wake);
	pthread_mutex_destroy(&session->orders_lock);
	pthread_mutex_destroy(&session->microphone_lock);
	pthread_mutex_destroy(&session->devices_lock);
	pthread_mutex_destroy(&session->picture);
	free(session);
}

static void carry_out(mv_session* session, const mv_order* order)
{
	rdpContext* context = session->instance->context;
	rdpInput* input = context->input;
	switch (order->kind)
	{
		case KEY:
			freerdp_input_send_keyboard_event(input, (UINT16)((order->b ? KBD_FLAGS_EXTENDED : 0) | (order->c ? KBD_FLAGS_DOWN : KBD_FLAGS_RELEASE)),
			                                  (UINT16)order->a);
			break;
		case PAUSE_KEY:
			freerdp_input_send_keyboard_pause_event(input);
			break;
		case CHARACTER:
			freerdp_input_send_unicode_keyboard_event(input, order->b ? 0 : KBD_FLAGS_RELEASE, (UINT16)order->a);
			break;
		case MOUSE:
			freerdp_input_send_mouse_event(input, (UINT16)order->a, (UINT16)order->b, (UINT16)order->c);
			break;
		case MOUSE_EXTENDED:
			freerdp_input_send_extended_mouse_event(input, (UINT16)order->a, (UINT16)order->b, (UINT16)order->c);
			break;
		case LOCKS:
			freerdp_input_send_synchronize_event(input, order->a);
			break;
		case RESIZE:
			mv_carry_out_resize(session, (const mv_rect*)order->data, order->a, order->b);
			break;
		case REFRESH:
		{
			const RECTANGLE_16 all = { 0, 0, (UINT16)context->gdi->width, (UINT16)context->gdi->height };
			if (context->update->RefreshRect)
				context->update->RefreshRect(context, 1, &all);
			break;
		}
		case PAUSE:
		{
			const RECTANGLE_16 all = { 0, 0, (UINT16)context->gdi->width, (UINT16)context->gdi->height };
			if (context->update->SuppressOutput)
				context->update->SuppressOutput(context, order->a ? 0 : 1, order->a ? NULL : &all);
			break;
		}
		case CLIP_OFFER:
			mv_carry_out_offer(session, order->a);
			break;
		case CLIP_REQUEST:
			mv_carry_out_request(session, order->a);
			break;
		case CLIP_ANSWER:
			mv_carry_out_answer(session, order->a, order->data, order->b);
			break;
	}
}

static void carry_out_all(mv_session* session)
{
	ResetEvent(session->wake);
	while (1)
	{
		pthread_mutex_lock(&session->orders_lock);
		const int any = session->count > 0;
		mv_order order = { 0 };
		if (any)
		{
			order = session->orders[session->first];
			session->first = (session->first + 1) % ORDERS;
			session->count--;
		}
		pthread_mutex_unlock(&session->orders_lock);
		if (!any)
			return;
		carry_out(session, &order);
		free(order.data);
	}
}

/* A server may refuse a sign-in of network level authentication without a word, and libfreerdp then knows of a broken connection only. */
static int refused_in_silence(const mv_session* session, UINT32 error)
{
	const UINT32 chosen = freerdp_settings_get_uint32(session->instance->context->settings, FreeRDP_SelectedProtocol);
	return session->right_certificate && (chosen & (HYBRID | HYBRID_EX)) != 0 &&
	       (error == FREERDP_ERROR_CONNECT_FAILED || error == FREERDP_ERROR_CONNECT_TRANSPORT_FAILED);
}

static int why_ended(mv_session* session, int was_connected)
{
	const UINT32 error = freerdp_get_last_error(session->instance->context);
	const int info = freerdp_error_info(session->instance);
	if (session->stopping)
		return MV_ENDED;
	if (session->other_certificate)
		return MV_OTHER_CERTIFICATE;
	if (session->sign_in_refused || error == FREERDP_ERROR_AUTHENTICATION_FAILED || error == FREERDP_ERROR_CONNECT_LOGON_FAILURE ||
	    error == FREERDP_ERROR_CONNECT_WRONG_PASSWORD || error == FREERDP_ERROR_CONNECT_ACCOUNT_LOCKED_OUT)
		return MV_SIGN_IN_REFUSED;
	if (!was_connected && refused_in_silence(session, error))
		return MV_SIGN_IN_REFUSED;
	if (error == FREERDP_ERROR_SECURITY_NEGO_CONNECT_FAILED)
		return MV_UNSUPPORTED;
	if (info == ERRINFO_LOGOFF_BY_USER)
		return MV_SIGNED_OUT;
	if (info == ERRINFO_DISCONNECTED_BY_OTHER_CONNECTION)
		return MV_TAKEN_OVER;
	return was_connected ? MV_ENDED : MV_NO_ANSWER;
}

static uint32_t tick(mv_session* session)
{
	const rdpGdi* gdi = session->instance->context->gdi;
	pthread_mutex_lock(&session->picture);
	const uint32_t wait = session->to.tick(session->to.user, gdi->primary_buffer, gdi->stride, (uint32_t)gdi->width, (uint32_t)gdi->height);
	pthread_mutex_unlock(&session->picture);
	return wait < IDLE_MS ? wait : IDLE_MS;
}

int mv_run(mv_session* session)
{
	rdpContext* context = session->instance->context;
	if (!freerdp_connect(session->instance))
	{
		const int why = why_ended(session, 0);
		freerdp_disconnect(session->instance);
		return why;
	}
	uint32_t wait = 0;
	while (!session->stopping && !shall_disconnect(session->instance))
	{
		HANDLE handles[MOST_HANDLES];
		DWORD count = freerdp_get_event_handles(context, handles, MOST_HANDLES - 1);
		if (count == 0)
			break;
		handles[count++] = session->wake;
		if (WaitForMultipleObjects(count, handles, FALSE, wait) == WAIT_FAILED)
			break;
		carry_out_all(session);
		if (!freerdp_check_event_handles(context))
			break;
		wait = tick(session);
	}
	const int why = why_ended(session, 1);
	freerdp_disconnect(session->instance);
	return why;
}

/* xrdp says that it takes Unicode, and drops what is not in its key map. It is the one server that never sends the
 * virtual channel capability set, which MS-RDPBCGR 2.2.7.1.10 has from both sides. */
int mv_takes_text(const mv_session* session)
{
	const rdpSettings* settings = session->instance->context->settings;
	const BYTE* received = freerdp_settings_get_pointer(settings, FreeRDP_ReceivedCapabilities);
	return received && freerdp_settings_get_bool(settings, FreeRDP_UnicodeInput) && received[CAPABILITY_VIRTUAL_CHANNEL];
}

void mv_stop(mv_session* session)
{
	session->stopping = 1;
	SetEvent(session->wake);
}

void mv_wake(mv_session* session)
{
	SetEvent(session->wake);
}
