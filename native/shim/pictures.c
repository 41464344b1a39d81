/* Pictures of a clipboard: PNG by libpng's simplified interface, which has its own bounds and never aborts. */
#include <string.h>

#include <png.h>

#include "montalegre_rdp.h"

static int start(png_image* image, const uint8_t* png, uint32_t length)
{
	memset(image, 0, sizeof(*image));
	image->version = PNG_IMAGE_VERSION;
	return png_image_begin_read_from_memory(image, png, length);
}

int mv_png_size(const uint8_t* png, uint32_t length, uint32_t* w, uint32_t* h)
{
	png_image image;
	if (!start(&image, png, length))
		return -1;
	*w = image.width;
	*h = image.height;
	png_image_free(&image);
	return 0;
}

/* B, G, R from the bottom row on; what is transparent becomes white, as paper is. */
int mv_png_read(const uint8_t* png, uint32_t length, uint32_t w, uint32_t h, uint8_t* bgr, uint32_t stride)
{
	static const png_color white = { 255, 255, 255 };
	png_image image;
	if (!start(&image, png, length))
		return -1;
	image.format = PNG_FORMAT_BGR;
	if (image.width == w && image.height == h && png_image_finish_read(&image, &white, bgr, -(png_int_32)stride, NULL))
		return 0;
	png_image_free(&image);
	return -1;
}

int64_t mv_png_write(const uint8_t* rgb, uint32_t w, uint32_t h, uint8_t* to, uint32_t room)
{
	png_image image;
	memset(&image, 0, sizeof(image));
	image.version = PNG_IMAGE_VERSION;
	image.width = w;
	image.height = h;
	image.format = PNG_FORMAT_RGB;
	image.flags = PNG_IMAGE_FLAG_FAST;
	png_alloc_size_t size = room;
	return png_image_write_to_memory(&image, to, &size, 0, rgb, 0, NULL) ? (int64_t)size : -1;
}
