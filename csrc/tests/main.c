/* Tests of csrc without Python, meant for the sanitizers; from the root of the repository:
 *
 *     gcc -std=c11 -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -DDUALAD_PLAIN \
 *         csrc/[a-z]*.c csrc/tests/[a-z]*.c -o check-csrc -pthread -ldl -lm && ./check-csrc
 */
#include "../callers.h"
#include "../simd.h"
#include "check.h"

/* read by AddressSanitizer: a request that cannot be met gives NULL, as malloc does, and does not end the program */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "allocator_may_return_null=1"; }

int main(void)
{
    test_kernels();
    test_drive();
    test_in_place();
    test_contract();
    test_table();
    test_pool();
    test_patterns();
    test_coloring();
    CHECK(!called_by_interpreter());
    CHECK(*simd_variant());
    return check_failures();
}
