#include "check.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

enum { SHOWN = 20 };

static long checks, failures;
static char context[200];

void check(int holds, const char *condition, const char *file, int line)
{
    checks++;
    if (holds || failures++ >= SHOWN) return;
    fprintf(stderr, "%s:%d: %s is false (%s)\n", file, line, condition, context);
}

void check_context(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(context, sizeof context, format, arguments);
    va_end(arguments);
}

int check_failures(void)
{
    printf("%ld checks, %ld failed\n", checks, failures);
    return failures > 0;
}

int is_close(double actual, double wanted, double tolerance)
{
    if (is_same(actual, wanted)) return 1;
    return fabs(actual - wanted) <= tolerance * fmax(1, fabs(wanted));
}

int is_same(double actual, double wanted)
{
    if (isnan(wanted)) return isnan(actual);
    return actual == wanted && signbit(actual) == signbit(wanted);
}

double next_random(void)
{
    static uint64_t state = 20240229;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (double)(state >> 11) / 9007199254740992.0;
}
