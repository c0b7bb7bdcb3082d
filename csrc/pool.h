/* Keeps the memory of large arrays for the next array of that size: fresh pages cost more than arithmetic. */
#ifndef DUALAD_POOL_H
#define DUALAD_POOL_H

#include <stddef.h>

/* The four functions of a NumPy allocation handler (NEP 49); `context` is not used. */
void *pool_malloc(void *context, size_t size);
void *pool_calloc(void *context, size_t count, size_t size);
void *pool_realloc(void *context, void *p, size_t size);
void pool_free(void *context, void *p, size_t size);

size_t pool_held(void);              /* bytes kept for later use */
size_t pool_in_use(void);            /* bytes in live arrays */
size_t pool_limit(void);             /* bound of pool_held */
void pool_set_limit(size_t bytes);   /* releases what exceeds it */
void pool_release(void);             /* gives all held memory back to the system */

#endif
