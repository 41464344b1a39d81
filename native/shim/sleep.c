/* libfreerdp 2 polls its connection sequence with Sleep(100) between the steps, seven to nine times a connection.
 * This definition comes first in the lookup order of the worker, and waits 4 ms instead. */
#include <time.h>

#include "montalegre_rdp.h"

enum { LONGEST_MS = 4 };

MV_EXPORT void Sleep(unsigned int milliseconds);

void Sleep(unsigned int milliseconds)
{
	const unsigned int wanted = milliseconds < LONGEST_MS ? milliseconds : LONGEST_MS;
	const struct timespec time = { .tv_sec = 0, .tv_nsec = (long)wanted * 1000000L };
	nanosleep(&time, NULL);
}
