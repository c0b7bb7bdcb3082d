/* Who is calling? Decides whether an operand with one reference is a temporary of the interpreter. */
#ifndef DUALAD_CALLERS_H
#define DUALAD_CALLERS_H

/* 1 if the extension module's function was reached from CPython's evaluation loop through nothing but the operator
 * protocol (PyNumber_Multiply and the like), 0 if not or if it cannot be told on this platform. An element of an
 * object array, or of a tuple that itertools.starmap walks, also has one reference, but comes another way. */
int called_by_interpreter(void);

#endif
