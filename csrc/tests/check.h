/* Counts checks and prints those that fail. */
#ifndef DUALAD_CHECK_H
#define DUALAD_CHECK_H

#define CHECK(condition) check((condition) != 0, #condition, __FILE__, __LINE__)

void check(int holds, const char *condition, const char *file, int line);
void check_context(const char *format, ...);    /* what is being tested: printed beside a failure */
int check_failures(void);                       /* how many failed; prints a summary */

int is_close(double actual, double wanted, double tolerance);   /* relative, absolute below 1; NaN is close to NaN */
int is_same(double actual, double wanted);                      /* to the bit, but for NaN, which is the same as NaN */
double next_random(void);                                       /* uniform in [0, 1), the same in every run */

void test_kernels(void);
void test_drive(void);
void test_in_place(void);
void test_contract(void);
void test_table(void);
void test_pool(void);
void test_patterns(void);
void test_coloring(void);

#endif
