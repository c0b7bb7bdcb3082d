#include "pool.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

enum { ALIGNMENT = 64, HUGE_PAGE = 1 << 21, CLASSES = 512, CLEARED = 1 << 24 };

/* Stands right before the memory that is handed out. */
typedef struct Block {
    void *base;             /* what the system allocator returned */
    size_t size;            /* usable bytes, a class size */
    struct Block *next;     /* in its free list */
} Block;

static struct {
    atomic_flag lock;
    Block *free[CLASSES];
    size_t held, in_use, limit;
} pool = {.lock = ATOMIC_FLAG_INIT, .limit = (size_t)1 << 29};

static void lock(void)
{
    while (atomic_flag_test_and_set_explicit(&pool.lock, memory_order_acquire)) {}
}

static void unlock(void) { atomic_flag_clear_explicit(&pool.lock, memory_order_release); }

/* Size classes: eight per power of two, so that at most an eighth of a block is wasted. */
static int class_of(size_t size, size_t *rounded)
{
    if (size < 64) size = 64;
    int log = 63 - __builtin_clzll((unsigned long long)size);
    size_t step = (size_t)1 << (log - 3);
    size_t part = (size - ((size_t)1 << log) + step - 1) / step;
    *rounded = ((size_t)1 << log) + part * step;
    return log * 8 + (int)part; /* part 8 is part 0 of the next power: the same number */
}

static Block *header(void *p) { return (Block *)((char *)p - ALIGNMENT); }

static Block *fresh(size_t size, int zeroed)
{
    const size_t total = size + 2 * ALIGNMENT;
    char *base = zeroed ? calloc(1, total) : malloc(total);
    if (!base) return NULL;
    char *p = (char *)(((uintptr_t)base + 2 * ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1));
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (size >= 2 * HUGE_PAGE) {
        char *first = (char *)(((uintptr_t)base + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1));
        madvise(first, (size_t)(base + total - first) & ~(size_t)(HUGE_PAGE - 1), MADV_HUGEPAGE);
    }
#endif
    Block *b = header(p);
    b->base = base;
    b->size = size;
    return b;
}

static void *take(size_t size, int zeroed)
{
    size_t rounded;
    const int c = class_of(size, &rounded);
    if (c >= CLASSES || rounded > PTRDIFF_MAX - 2 * ALIGNMENT) return NULL;
    Block *b = NULL;
    lock();
    if (!zeroed && pool.free[c]) {
        b = pool.free[c];
        pool.free[c] = b->next;
        pool.held -= rounded;
    }
    unlock();
    if (!b) b = fresh(rounded, zeroed); /* zeroed pages come from the system: those never touched cost nothing */
    if (!b) return NULL;
    lock();
    pool.in_use += rounded;
    unlock();
    return (char *)b + ALIGNMENT;
}

void *pool_malloc(void *context, size_t size)
{
    (void)context;
    return take(size, 0);
}

void *pool_calloc(void *context, size_t count, size_t size)
{
    (void)context;
    if (size && count > SIZE_MAX / size) return NULL;
    /* clearing a small block costs less than fresh pages; in a large one, pages never touched cost nothing */
    if (count * size > CLEARED) return take(count * size, 1);
    void *p = take(count * size, 0);
    if (p) memset(p, 0, count * size);
    return p;
}

/* Frees from the largest blocks down until no more than `bytes` are held, but none of the class `spared`. */
static void shrink(size_t bytes, int spared)
{
    for (int c = CLASSES - 1; c >= 0; c--) {
        for (;;) {
            lock();
            Block *b = pool.held > bytes && c != spared ? pool.free[c] : NULL;
            if (b) {
                pool.free[c] = b->next;
                pool.held -= b->size;
            }
            unlock();
            if (!b) break;
            free(b->base);
        }
    }
}

void pool_free(void *context, void *p, size_t size)
{
    (void)context, (void)size;
    if (!p) return;
    Block *b = header(p);
    size_t rounded;
    const int c = class_of(b->size, &rounded);
    lock();
    pool.in_use -= b->size;
    const size_t room = b->size <= pool.limit ? pool.limit - b->size : 0;
    const int crowded = b->size <= pool.limit && pool.held > room;
    unlock();
    if (crowded) shrink(room, c); /* what is in use now is wanted sooner than blocks of other sizes */
    lock();
    const int keep = b->size <= pool.limit && pool.held <= pool.limit - b->size;
    if (keep) {
        b->next = pool.free[c];
        pool.free[c] = b;
        pool.held += b->size;
    }
    unlock();
    if (!keep) free(b->base);
}

void *pool_realloc(void *context, void *p, size_t size)
{
    if (!p) return pool_malloc(context, size);
    void *q = pool_malloc(context, size);
    if (!q) return NULL;
    const size_t old = header(p)->size;
    memcpy(q, p, old < size ? old : size);
    pool_free(context, p, old);
    return q;
}

size_t pool_held(void) { return pool.held; }

size_t pool_in_use(void) { return pool.in_use; }

size_t pool_limit(void) { return pool.limit; }

void pool_set_limit(size_t bytes)
{
    lock();
    pool.limit = bytes;
    unlock();
    shrink(bytes, -1);
}

void pool_release(void) { shrink(0, -1); }
