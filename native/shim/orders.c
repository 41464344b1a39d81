/* What other threads want of a session: it waits in a queue until the session's own thread carries it out. */
#include <stdlib.h>
#include <string.h>

#include "session.h"

static void put_order(mv_session* session, mv_order order)
{
	pthread_mutex_lock(&session->orders_lock);
	const int room = session->count < ORDERS;
	if (room)
		session->orders[(session->first + session->count++) % ORDERS] = order;
	pthread_mutex_unlock(&session->orders_lock);
	if (!room)
		free(order.data);
	SetEvent(session->wake);
}

#define ORDER(...) put_order(session, (mv_order){ __VA_ARGS__ })

void mv_key(mv_session* session, uint32_t scancode, uint32_t extended, uint32_t down) { ORDER(KEY, scancode, extended, down, NULL); }
void mv_pause_key(mv_session* session) { ORDER(PAUSE_KEY, 0, 0, 0, NULL); }
void mv_unicode(mv_session* session, uint32_t unit, uint32_t down) { ORDER(CHARACTER, unit, down, 0, NULL); }
void mv_mouse(mv_session* session, uint32_t flags, uint32_t x, uint32_t y) { ORDER(MOUSE, flags, x, y, NULL); }
void mv_mouse_extended(mv_session* session, uint32_t flags, uint32_t x, uint32_t y) { ORDER(MOUSE_EXTENDED, flags, x, y, NULL); }
void mv_locks(mv_session* session, uint32_t leds) { ORDER(LOCKS, leds, 0, 0, NULL); }
void mv_refresh(mv_session* session) { ORDER(REFRESH, 0, 0, 0, NULL); }
void mv_pause(mv_session* session, uint32_t paused) { ORDER(PAUSE, paused, 0, 0, NULL); }
void mv_clipboard_offer(mv_session* session, uint32_t formats) { ORDER(CLIP_OFFER, formats, 0, 0, NULL); }
void mv_clipboard_request(mv_session* session, uint32_t format) { ORDER(CLIP_REQUEST, format, 0, 0, NULL); }

void mv_resize(mv_session* session, const mv_rect* monitors, uint32_t count, uint32_t scale)
{
	if (count == 0 || count > MV_MONITORS)
		return;
	mv_rect* copy = malloc(count * sizeof(mv_rect));
	if (!copy)
		return;
	memcpy(copy, monitors, count * sizeof(mv_rect));
	ORDER(RESIZE, count, scale, 0, (uint8_t*)copy);
}

void mv_clipboard_answer(mv_session* session, uint32_t format, const uint8_t* data, uint32_t length)
{
	uint8_t* copy = malloc(length ? length : 1);
	if (!copy)
		return;
	memcpy(copy, data, length);
	ORDER(CLIP_ANSWER, format, length, 0, copy);
}
