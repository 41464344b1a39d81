/* RDPGFX: H.264 goes to the browser untouched, everything else is drawn by libfreerdp and encoded like any picture. */
#include <freerdp/channels/rdpgfx.h>
#include <freerdp/gdi/gfx.h>

#include "session.h"

enum { MOST_RECTS = 1024 };

static mv_session* of(RdpgfxClientContext* graphics)
{
	return session_of(((rdpGdi*)graphics->custom)->context);
}

/* Rectangles of the picture, moved to where the surface lies on the screen and cut at its edges. */
static uint32_t on_screen(const gdiGfxSurface* surface, const rdpGdi* gdi, const RDPGFX_H264_METABLOCK* meta, mv_rect* rects)
{
	uint32_t count = 0;
	for (UINT32 i = 0; i < meta->numRegionRects && count < MOST_RECTS; i++)
	{
		const RECTANGLE_16* region = &meta->regionRects[i];
		const UINT32 left = surface->outputOriginX + region->left, top = surface->outputOriginY + region->top;
		UINT32 right = surface->outputOriginX + region->right, bottom = surface->outputOriginY + region->bottom;
		if (right > (UINT32)gdi->width)
			right = (UINT32)gdi->width;
		if (bottom > (UINT32)gdi->height)
			bottom = (UINT32)gdi->height;
		if (left < right && top < bottom)
			rects[count++] = (mv_rect){ (uint16_t)left, (uint16_t)top, (uint16_t)(right - left), (uint16_t)(bottom - top) };
	}
	return count;
}

/* libfreerdp decodes the unit by itself and draws it, as if it had never been meant for a browser. */
static UINT draw_here(mv_session* session, RdpgfxClientContext* graphics, uint32_t surface, RECTANGLE_16* rects, uint32_t count, const uint8_t* unit, uint32_t length)
{
	RDPGFX_AVC420_BITMAP_STREAM stream = { 0 };
	RDPGFX_SURFACE_COMMAND command = { 0 };
	stream.meta.numRegionRects = count;
	stream.meta.regionRects = rects;
	stream.length = length;
	stream.data = (BYTE*)unit;
	command.surfaceId = (UINT16)surface;
	command.codecId = RDPGFX_CODECID_AVC420;
	command.extra = &stream;
	return session->surface_command(graphics, &command);
}

static UINT pass_on(mv_session* session, RdpgfxClientContext* graphics, const RDPGFX_SURFACE_COMMAND* command,
                    const RDPGFX_AVC420_BITMAP_STREAM* stream, int shown)
{
	mv_rect rects[MOST_RECTS];
	const gdiGfxSurface* surface = graphics->GetSurfaceData(graphics, (UINT16)command->surfaceId);
	if (!surface || !surface->outputMapped)
		return CHANNEL_RC_OK;
	const uint32_t count = shown ? on_screen(surface, graphics->custom, &stream->meta, rects) : 0;
	if (!session->to.h264(session->to.user, command->surfaceId, surface->outputOriginX, surface->outputOriginY, surface->width, surface->height,
	                      rects, count, stream->data, stream->length))
		return CHANNEL_RC_OK;
	return draw_here(session, graphics, command->surfaceId, shown ? stream->meta.regionRects : NULL, shown ? stream->meta.numRegionRects : 0,
	                 stream->data, stream->length);
}

static UINT surface_command(RdpgfxClientContext* graphics, const RDPGFX_SURFACE_COMMAND* command)
{
	mv_session* session = of(graphics);
	UINT result = CHANNEL_RC_OK;
	pthread_mutex_lock(&session->picture);
	switch (command->codecId)
	{
		case RDPGFX_CODECID_AVC420:
			result = pass_on(session, graphics, command, command->extra, 1);
			break;
		case RDPGFX_CODECID_AVC444:
		case RDPGFX_CODECID_AVC444v2:
		{
			/* The luma view is a whole 4:2:0 picture; the other one, alone where LC is 2 and second where it is 0, is colour detail.
			 * Both are one stream of one encoder, MS-RDPEGFX 2.2.4.5, so the decoder has to see both. */
			const RDPGFX_AVC444_BITMAP_STREAM* both = command->extra;
			result = pass_on(session, graphics, command, &both->bitstream[0], both->LC != 2);
			if (both->LC == 0 && result == CHANNEL_RC_OK)
				result = pass_on(session, graphics, command, &both->bitstream[1], 0);
			break;
		}
		default:
			result = session->surface_command(graphics, command);
			break;
	}
	pthread_mutex_unlock(&session->picture);
	return result;
}

static UINT delete_surface(RdpgfxClientContext* graphics, const RDPGFX_DELETE_SURFACE_PDU* order)
{
	mv_session* session = of(graphics);
	pthread_mutex_lock(&session->picture);
	session->to.h264_end(session->to.user, order->surfaceId);
	const UINT result = session->delete_surface(graphics, order);
	pthread_mutex_unlock(&session->picture);
	return result;
}

static UINT end_frame(RdpgfxClientContext* graphics, const RDPGFX_END_FRAME_PDU* order)
{
	mv_session* session = of(graphics);
	pthread_mutex_lock(&session->picture);
	const UINT result = session->end_frame(graphics, order);
	pthread_mutex_unlock(&session->picture);
	/* libfreerdp acknowledges the frame to the machine when this returns. */
	session->to.frame_end(session->to.user);
	return result;
}

/* The pipeline's lock is taken before the picture's elsewhere, and tick holds the picture's already: so it is tried, never waited for. */
int mv_decoding_begin(mv_session* session)
{
	return session->graphics && TryEnterCriticalSection(&session->graphics->mux);
}

void mv_decode(mv_session* session, uint32_t surface, const mv_rect* rects, uint32_t count, const uint8_t* unit, uint32_t length)
{
	RECTANGLE_16 parts[MOST_RECTS];
	uint32_t shown = 0;
	const gdiGfxSurface* on = session->graphics->GetSurfaceData(session->graphics, (UINT16)surface);
	if (!on || !on->outputMapped)
		return;
	for (uint32_t i = 0; i < count && shown < MOST_RECTS; i++)
	{
		const int32_t x = (int32_t)rects[i].x - (int32_t)on->outputOriginX, y = (int32_t)rects[i].y - (int32_t)on->outputOriginY;
		if (x < 0 || y < 0 || x + rects[i].w > (int32_t)on->width || y + rects[i].h > (int32_t)on->height)
			continue;
		parts[shown++] = (RECTANGLE_16){ (UINT16)x, (UINT16)y, (UINT16)(x + rects[i].w), (UINT16)(y + rects[i].h) };
	}
	draw_here(session, session->graphics, surface, parts, shown, unit, length);
}

void mv_decoding_end(mv_session* session)
{
	LeaveCriticalSection(&session->graphics->mux);
}

void mv_graphics_open(mv_session* session, RdpgfxClientContext* graphics)
{
	if (!gdi_graphics_pipeline_init(session->instance->context->gdi, graphics))
		return;
	session->surface_command = graphics->SurfaceCommand;
	session->delete_surface = graphics->DeleteSurface;
	session->end_frame = graphics->EndFrame;
	graphics->SurfaceCommand = surface_command;
	graphics->DeleteSurface = delete_surface;
	graphics->EndFrame = end_frame;
	session->graphics = graphics;
}

void mv_graphics_close(mv_session* session)
{
	if (session->graphics)
		gdi_graphics_pipeline_uninit(session->instance->context->gdi, session->graphics);
	session->graphics = NULL;
}
