#define _GNU_SOURCE
#include "callers.h"

#include <stdint.h> /* defines __GLIBC__ where there is one */

#if defined(__linux__) && defined(__GLIBC__)
#include <dlfcn.h>
#include <execinfo.h>
#include <string.h>

enum { DEPTH = 8, CACHED = 64 };

typedef enum { OURS = 1, OPERATOR, INTERPRETER, FOREIGN } Place;

static Place find_place(void *address, const void *our_base)
{
    Dl_info info;
    if (!dladdr((char *)address - 1, &info)) return FOREIGN;
    if (info.dli_fbase == our_base) return OURS;
    if (!info.dli_sname) return FOREIGN;
    if (strcmp(info.dli_sname, "_PyEval_EvalFrameDefault") == 0) return INTERPRETER;
    if (strncmp(info.dli_sname, "PyNumber_", 9) == 0) return OPERATOR;
    return FOREIGN;
}

/* The search through the symbol tables takes microseconds, but a program has few call sites. */
static Place place_of(void *address, const void *our_base)
{
    static _Thread_local struct { void *address; Place place; } cache[CACHED];
    const size_t slot = ((uintptr_t)address >> 2) % CACHED;
    if (cache[slot].address != address) {
        cache[slot].address = address;
        cache[slot].place = find_place(address, our_base);
    }
    return cache[slot].place;
}

int called_by_interpreter(void)
{
    static _Thread_local Dl_info self;
    void *stack[DEPTH];
    const int n = backtrace(stack, DEPTH);
    if (!self.dli_fbase && !dladdr((void *)called_by_interpreter, &self)) return 0;
    int i = 0;
    while (i < n && place_of(stack[i], self.dli_fbase) == OURS) i++;
    /* operator.mul, itertools.starmap and NumPy's object loops have further frames between these two */
    if (i < n && place_of(stack[i], self.dli_fbase) == OPERATOR) i++;
    return i < n && place_of(stack[i], self.dli_fbase) == INTERPRETER;
}
#else
int called_by_interpreter(void) { return 0; }
#endif
