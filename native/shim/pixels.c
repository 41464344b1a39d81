/* The loops over pixels. The picture is B, G, R, x: 32 bits a pixel, of which the last eight say nothing. */
#include <stdlib.h>
#include <string.h>

#include <turbojpeg.h>
#include <zstd.h>

#include "montalegre_rdp.h"

enum
{
	ZSTD_LEVEL = -1,
	FEW_COLOURS = 96,    /* at most this: drawn by a program, sent exactly */
	MANY_COLOURS = 400,  /* more than this: a photo, even where part of it is plain ground */
	COLOUR_SLOTS = 1024,
	COLOUR_SHIFT = 22,   /* leaves the ten bits of a slot */
};

#define RGB_OF_ONE 0x00FFFFFFu
#define RGB_OF_TWO 0x00FFFFFF00FFFFFFull

struct mv_encoder
{
	tjhandle jpeg;
	ZSTD_CCtx* zstd;
};

mv_encoder* mv_encoder_create(void)
{
	mv_encoder* encoder = calloc(1, sizeof(*encoder));
	if (!encoder)
		return NULL;
	encoder->jpeg = tjInitCompress();
	encoder->zstd = ZSTD_createCCtx();
	if (!encoder->jpeg || !encoder->zstd ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(encoder->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL)))
	{
		mv_encoder_free(encoder);
		return NULL;
	}
	return encoder;
}

void mv_encoder_free(mv_encoder* encoder)
{
	if (!encoder)
		return;
	if (encoder->jpeg)
		tjDestroy(encoder->jpeg);
	ZSTD_freeCCtx(encoder->zstd);
	free(encoder);
}

static inline uint64_t mix(uint64_t a, uint64_t b)
{
	const unsigned __int128 product = (unsigned __int128)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t two_pixels(const uint8_t* at)
{
	uint64_t value;
	memcpy(&value, at, sizeof(value));
	return value & RGB_OF_TWO;
}

static uint64_t hash_row(const uint8_t* row, uint32_t w)
{
	uint64_t a = 0x9E3779B97F4A7C15ull ^ w, b = 0xD1B54A32D192ED03ull;
	uint32_t x = 0;
	for (; x + 4 <= w; x += 4, row += 16)
	{
		a = mix(a ^ two_pixels(row), 0xA0761D6478BD642Full);
		b = mix(b ^ two_pixels(row + 8), 0xE7037ED1A0B428DBull);
	}
	for (; x < w; x++, row += 4)
	{
		uint32_t value;
		memcpy(&value, row, sizeof(value));
		a = mix(a ^ (value & RGB_OF_ONE), 0x8EBC6AF09C88C6E3ull);
	}
	return mix(a, b | 1);
}

void mv_hash_rows(const uint8_t* pixels, uint32_t stride, uint32_t x, uint32_t y, uint32_t w, uint32_t h, uint64_t* hashes)
{
	const uint8_t* row = pixels + (size_t)y * stride + (size_t)x * 4;
	for (uint32_t line = 0; line < h; line++, row += stride)
		hashes[line] = hash_row(row, w);
}

/* 0 one colour (which is answered too), 1 interface or text, 2 photo. */
uint32_t mv_classify(const uint8_t* pixels, uint32_t stride, uint32_t x, uint32_t y, uint32_t w, uint32_t h, uint32_t* colour)
{
	uint32_t seen[COLOUR_SLOTS];
	uint8_t used[COLOUR_SLOTS] = { 0 };
	uint32_t colours = 0, equal = 0;
	for (uint32_t line = 0; line < h; line++)
	{
		const uint8_t* at = pixels + (size_t)(y + line) * stride + (size_t)x * 4;
		uint32_t last = UINT32_MAX;
		for (uint32_t i = 0; i < w; i++, at += 4)
		{
			uint32_t value;
			memcpy(&value, at, sizeof(value));
			value &= RGB_OF_ONE;
			if (value == last)
			{
				equal++;
				continue;
			}
			last = value;
			if (colours > MANY_COLOURS)
				continue;
			uint32_t slot = (value * 2654435761u) >> COLOUR_SHIFT;
			while (used[slot] && seen[slot] != value)
				slot = (slot + 1) % COLOUR_SLOTS;
			if (!used[slot])
			{
				used[slot] = 1;
				seen[slot] = value;
				colours++;
			}
		}
	}
	if (colours <= 1)
	{
		memcpy(colour, pixels + (size_t)y * stride + (size_t)x * 4, sizeof(*colour));
		*colour &= RGB_OF_ONE;
		return 0;
	}
	/* Smoothed text has many shades too, but long runs of its background between them. */
	return colours <= FEW_COLOURS || (colours <= MANY_COLOURS && equal * 10 >= w * h * 3) ? 1 : 2;
}

void mv_gather_rgba(const uint8_t* pixels, uint32_t stride, uint32_t x, uint32_t y, uint32_t w, uint32_t h, uint8_t* rgba)
{
	for (uint32_t line = 0; line < h; line++)
	{
		const uint8_t* at = pixels + (size_t)(y + line) * stride + (size_t)x * 4;
		for (uint32_t i = 0; i < w; i++, at += 4, rgba += 4)
		{
			uint32_t value;
			memcpy(&value, at, sizeof(value));
			value = (value & 0x0000FF00u) | ((value >> 16) & 0xFFu) | ((value & 0xFFu) << 16) | 0xFF000000u;
			memcpy(rgba, &value, sizeof(value));
		}
	}
}

int64_t mv_zstd(mv_encoder* encoder, const uint8_t* from, uint32_t length, uint8_t* to, uint32_t room)
{
	const size_t written = ZSTD_compress2(encoder->zstd, to, room, from, length);
	return ZSTD_isError(written) ? -1 : (int64_t)written;
}

int64_t mv_jpeg_room(uint32_t w, uint32_t h)
{
	return (int64_t)tjBufSize((int)w, (int)h, TJSAMP_420);
}

int64_t mv_jpeg(mv_encoder* encoder, const uint8_t* pixels, uint32_t stride, uint32_t x, uint32_t y, uint32_t w, uint32_t h,
                int32_t quality, uint8_t* to, uint32_t room)
{
	unsigned long size = room;
	unsigned char* into = to;
	if (mv_jpeg_room(w, h) > (int64_t)room)
		return -1;
	if (tjCompress2(encoder->jpeg, pixels + (size_t)y * stride + (size_t)x * 4, (int)w, (int)stride, (int)h, TJPF_BGRX, &into, &size,
	                TJSAMP_420, quality, TJFLAG_NOREALLOC | TJFLAG_FASTDCT) != 0)
		return -1;
	return (int64_t)size;
}
