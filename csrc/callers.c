#define _GNU_SOURCE
#include "callers.h"

#if defined(__linux__) && defined(__GLIBC__)
#include <dlfcn.h>
#include <execinfo.h>
#include <string.h>

enum { DEPTH = 8 };

typedef enum { OURS, ANONYMOUS, OPERATOR, INTERPRETER, FOREIGN } Place;

/* Exported functions are recognised by name; static ones of the interpreter have none. */
static Place place_of(void *address, const void *our_base)
{
    Dl_info info;
    if (!dladdr((char *)address - 1, &info)) return FOREIGN;
    if (info.dli_fbase == our_base) return OURS;
    if (!info.dli_sname) return ANONYMOUS;
    if (strcmp(info.dli_sname, "_PyEval_EvalFrameDefault") == 0) return INTERPRETER;
    if (strncmp(info.dli_sname, "PyNumber_", 9) == 0) return OPERATOR;
    return FOREIGN;
}

int called_by_interpreter(void)
{
    void *stack[DEPTH];
    Dl_info self;
    const int n = backtrace(stack, DEPTH);
    if (!dladdr((void *)called_by_interpreter, &self)) return 0;
    int i = 0;
    while (i < n && place_of(stack[i], self.dli_fbase) == OURS) i++;
    /* at most the static binary_op1 and one exported PyNumber_ function may stand in between */
    if (i < n && place_of(stack[i], self.dli_fbase) == ANONYMOUS) i++;
    if (i < n && place_of(stack[i], self.dli_fbase) == OPERATOR) i++;
    return i < n && place_of(stack[i], self.dli_fbase) == INTERPRETER;
}
#else
int called_by_interpreter(void) { return 0; }
#endif
