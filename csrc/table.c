#include "simd.h"
#include "table.h"
#include "vocabulary.h"

#define PI ((real)3.14159265358979323846264338327950288)
#define LN2 ((real)0.693147180559945309417232121458176568)
#define LN10 ((real)2.30258509299404568401799145468436421)

#define real double
#define LOOP(stem) stem##_f64
#include "table_loops.inc"
#undef real
#undef LOOP

#define real float
#define LOOP(stem) stem##_f32
#include "table_loops.inc"
#undef real
#undef LOOP

#define WIDTHS(stem) {stem##_f64, stem##_f32}
#define UNARY(name, aux, arg, d1, d2)                                                                               \
    {#name, #aux, #arg, 1, 2, {#d1, #d2}, WIDTHS(name##_arg),                                                       \
     {{name##_1_f64, name##_2_f64}, {name##_1_f32, name##_2_f32}}},
#define BINARY(name, aux, arg, d1, d2, d11, d12, d22)                                                               \
    {#name, #aux, #arg, 2, 5, {#d1, #d2, #d11, #d12, #d22}, WIDTHS(name##_arg),                                     \
     {{name##_1_f64, name##_2_f64, name##_11_f64, name##_12_f64, name##_22_f64},                                    \
      {name##_1_f32, name##_2_f32, name##_11_f32, name##_12_f32, name##_22_f32}}},
#define PLAIN(name) {#name, "none", "", 0, 0, {0}, {0}, {{0}}},

const Function function_table[] = {
#include "derivatives.def"
};

const int function_count = sizeof function_table / sizeof *function_table;
