/* The pool: sizes, alignment, reuse, its bound, impossible requests, and several threads at once. */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../pool.h"
#include "check.h"

static void *take(size_t size) { return pool_malloc(NULL, size); }

static void give(void *p) { pool_free(NULL, p, 0); }

static void test_sizes(void)
{
    static const size_t sizes[] = {0, 1, 63, 64, 65, 127, 4095, 4096, 4097, 1 << 20, (1 << 22) - 1, (1 << 22) + 1};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const size_t in_use = pool_in_use();
        char *p = take(sizes[i]);
        const size_t taken = pool_in_use() - in_use;
        check_context("%zu bytes", sizes[i]);
        CHECK(p && (uintptr_t)p % 64 == 0);
        CHECK(taken >= sizes[i] && taken <= sizes[i] + sizes[i] / 8 + 64);
        memset(p, 1, sizes[i]);
        give(p);
        CHECK(pool_in_use() == in_use);
    }
}

static void test_reuse(void)
{
    check_context("reuse");
    pool_release();
    char *p = take(100000);
    memset(p, 1, 100000);
    give(p);
    CHECK(pool_held() >= 100000);
    char *q = take(99999);
    CHECK(q == p && pool_held() == 0);
    give(q), give(NULL);
    pool_release();
    CHECK(pool_held() == 0);
}

/* Zeroed memory is zero also where the pool holds memory of that size that is not. */
static void test_zeroed(size_t size)
{
    check_context("%zu zeroed bytes", size);
    char *p = take(size);
    memset(p, 1, size);
    give(p);
    char *zeros = pool_calloc(NULL, size / 8, 8);
    size_t others = 0;
    for (size_t i = 0; i < size; i++) others += zeros[i] != 0;
    CHECK(others == 0);
    give(zeros);
}

static void test_realloc(void)
{
    check_context("realloc");
    char *p = pool_realloc(NULL, NULL, 10);
    memcpy(p, "dual", 5);
    p = pool_realloc(NULL, p, 100000);
    CHECK(strcmp(p, "dual") == 0);
    p = pool_realloc(NULL, p, 5);
    CHECK(strcmp(p, "dual") == 0);
    CHECK(!pool_realloc(NULL, p, SIZE_MAX) && strcmp(p, "dual") == 0);
    give(p);
}

static void test_limit(void)
{
    const size_t limit = pool_limit(), in_use = pool_in_use();
    void *p[8];
    check_context("limit");
    pool_set_limit(300000);
    for (int i = 0; i < 8; i++) p[i] = take(100000);
    for (int i = 0; i < 8; i++) give(p[i]);
    CHECK(pool_held() > 0 && pool_held() <= 300000);
    pool_set_limit(150000);
    CHECK(pool_held() > 0 && pool_held() <= 150000);
    give(take(20000));
    void *last = take(130000);
    give(last); /* of another size than what is held, which makes room for it */
    CHECK(pool_held() <= 150000 && (p[0] = take(130000)) == last);
    give(p[0]);
    pool_set_limit(0);
    give(take(64));
    CHECK(pool_held() == 0 && pool_in_use() == in_use);
    pool_set_limit(limit);
    CHECK(pool_limit() == limit);
}

static void test_impossible(void)
{
    const size_t in_use = pool_in_use(), half = SIZE_MAX / 2;
    check_context("impossible sizes");
    CHECK(!take(SIZE_MAX) && !take(SIZE_MAX - 64) && !take(half) && !take(half + 2) && !take(half - 64));
    CHECK(!take((size_t)1 << 62) && !pool_calloc(NULL, SIZE_MAX / 8, 9) && !pool_calloc(NULL, 3, half));
    CHECK(pool_in_use() == in_use);
    void *p = pool_calloc(NULL, SIZE_MAX, 0);
    CHECK(p);
    give(p);
}

/* Blocks carry the mark of their thread: nobody else may write into them. */
static void *work(void *argument)
{
    enum { LIVE = 16, ROUNDS = 2000 };
    const unsigned char mark = *(const unsigned char *)argument;
    unsigned char *p[LIVE] = {NULL};
    size_t size[LIVE] = {0}, damage = 0;
    for (size_t k = 0; k < ROUNDS; k++) {
        const size_t slot = k * (2 * mark + 1) % LIVE;
        for (size_t i = 0; i < size[slot]; i++) damage += p[slot][i] != mark;
        give(p[slot]);
        size[slot] = 64 + 37 * k % 1000;
        p[slot] = take(size[slot]);
        memset(p[slot], mark, size[slot]);
        if (k % 500 == 0) pool_release();
    }
    for (size_t slot = 0; slot < LIVE; slot++) give(p[slot]);
    return (void *)damage;
}

static void test_threads(void)
{
    enum { THREADS = 4 };
    const size_t in_use = pool_in_use();
    pthread_t threads[THREADS];
    unsigned char marks[THREADS];
    check_context("threads");
    for (int i = 0; i < THREADS; i++) {
        marks[i] = (unsigned char)(i + 1);
        CHECK(pthread_create(&threads[i], NULL, work, &marks[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *damage;
        CHECK(pthread_join(threads[i], &damage) == 0 && !damage);
    }
    CHECK(pool_in_use() == in_use);
}

void test_pool(void)
{
    test_sizes();
    test_reuse();
    test_zeroed(8000);
    test_zeroed(1 << 20);
    test_zeroed(1 << 23);
    test_realloc();
    test_limit();
    test_impossible();
    test_threads();
    pool_release();
}
