/* Dead numbers and their small component arrays, kept for the next operation: on a few elements, making and freeing
 * Python objects is what an operation costs. Guarded by the interpreter lock.
 */
#ifndef DUALAD_FREELIST_H
#define DUALAD_FREELIST_H

#include <Python.h>

#include "numpy/arrayobject.h"

enum { NUMBERS_KEPT = 256, ARRAYS_KEPT = 32, ARRAYS_SEARCHED = 6, LARGEST_KEPT = 1 << 14 };

static PyObject *kept_numbers[NUMBERS_KEPT];
static PyArrayObject *kept_arrays[ARRAYS_KEPT];
static int number_count, array_count;

/* A number's first fields: the component array, and what its square is known to be (mostly NULL). */
static inline PyObject **data_of(PyObject *number) { return (PyObject **)((char *)number + sizeof(PyObject)); }
static inline PyObject **square_of(PyObject *number) { return data_of(number) + 1; }

/* Whether nobody but its number has a hold on the array, and it is as it was made. */
static inline int is_pristine(PyObject *o)
{
    const int flags = NPY_ARRAY_OWNDATA | NPY_ARRAY_WRITEABLE | NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED;
    PyArrayObject *a = (PyArrayObject *)o;
    return Py_TYPE(o) == &PyArray_Type && Py_REFCNT(o) == 1 && PyArray_BASE(a) == NULL
        && PyArray_TYPE(a) == NPY_DOUBLE && (PyArray_FLAGS(a) & flags) == flags
        && PyArray_NBYTES(a) <= LARGEST_KEPT && ((PyArrayObject_fields *)a)->weakreflist == NULL;
}

static void number_dealloc(PyObject *o)
{
    PyObject *data = *data_of(o);
    *data_of(o) = NULL;
    Py_CLEAR(*square_of(o));
    if (data && data != Py_None && array_count < ARRAYS_KEPT && is_pristine(data))
        kept_arrays[array_count++] = (PyArrayObject *)data;
    else
        Py_XDECREF(data);
    if (number_count < NUMBERS_KEPT) kept_numbers[number_count++] = o;
    else Py_TYPE(o)->tp_free(o);
}

/* A new number without components; all fields are zero but data, which is None. */
static inline PyObject *number_new(PyTypeObject *type)
{
    PyObject *o;
    if (number_count > 0) {
        o = kept_numbers[--number_count];
        memset((char *)o + sizeof(PyObject), 0, (size_t)type->tp_basicsize - sizeof(PyObject));
        PyObject_Init(o, type);
    }
    else if (!(o = type->tp_alloc(type, 0))) return NULL;
    *data_of(o) = Py_NewRef(Py_None);
    return o;
}

static PyObject *number_tp_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    (void)args, (void)kwargs;
    return number_new(type);
}

/* Let a final number type use the list. All of them have one size. */
static void use_freelist(PyTypeObject *type)
{
    type->tp_dealloc = number_dealloc;
    type->tp_new = number_tp_new;
}

/* Free what is kept. */
static void release_kept(void)
{
    while (array_count > 0) Py_DECREF(kept_arrays[--array_count]);
    while (number_count > 0) {
        PyObject *o = kept_numbers[--number_count];
        Py_TYPE(o)->tp_free(o);
    }
}

/* A kept float64 array of this shape, or NULL. */
static PyObject *kept_array(int ndim, const npy_intp *shape)
{
    const int last = array_count > ARRAYS_SEARCHED ? array_count - ARRAYS_SEARCHED : 0;
    for (int i = array_count - 1; i >= last; i--) {
        PyArrayObject *a = kept_arrays[i];
        if (PyArray_NDIM(a) != ndim || memcmp(PyArray_DIMS(a), shape, (size_t)ndim * sizeof *shape)) continue;
        kept_arrays[i] = kept_arrays[--array_count];
        return (PyObject *)a;
    }
    return NULL;
}

#endif
