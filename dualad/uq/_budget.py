"""The uncertainty budget: what each input contributes to each result."""

import numpy as np

from dualad.uq._format import format_value

_SECOND = "(second order)"
_COLUMNS = ("input", "value", "std", "sensitivity", "contribution", "percent")


class Budget:
    """Contributions of inputs to results, ranked.

    `len` and iteration run over the records, largest contribution first within each result.

    Attributes
    ----------
    inputs, outputs : list of str
        Names.
    sensitivity, contribution, percent : ndarray, (m, n)
        Derivatives of the results, their sizes times the standard deviation of the input, and shares of the variance.
        To second order the rest to 100 percent is that of the second-order terms.

    Examples
    --------
    >>> from dualad import uq
    >>> b = uq.propagate(lambda x: x[0] + 3 * x[1], [1.0, 2.0], std=0.1, names=["a", "b"]).budget()
    >>> b.to_records()[0]["input"], round(b.to_records()[0]["percent"], 6)
    ('b', 90.0)
    >>> {name: round(row["percent"], 6) for name, row in b.to_dict()["y"].items()}
    {'b': 90.0, 'a': 10.0}
    """

    def __init__(self, inputs, outputs, mean, std, sensitivity, shares, variance, center, extra):
        self.inputs, self.outputs = inputs, outputs
        self._mean, self._std, self._variance, self._center, self._extra = mean, std, variance, center, extra
        self.sensitivity = sensitivity
        self.contribution = np.abs(sensitivity) * std
        scale = 100 / np.where(variance > 0, variance, 1)
        self.percent = shares * scale[:, None]
        self._extra_percent = None if extra is None else extra * scale

    def _rows(self, k):
        """Records of one result, ranked."""
        order = np.argsort(-np.abs(self.percent[k]), kind="stable")
        rows = [self._record(k, rank, i) for rank, i in enumerate(order, 1)]
        if self._extra is not None:
            rows.append({
                "output": self.outputs[k], "input": _SECOND, "value": None, "std": None, "sensitivity": None,
                "contribution": float(np.sqrt(max(self._extra[k], 0))), "percent": float(self._extra_percent[k]),
                "rank": None})
        return rows

    def _record(self, k, rank, i):
        return {
            "output": self.outputs[k], "input": self.inputs[i], "value": float(self._mean[i]),
            "std": float(self._std[i]), "sensitivity": float(self.sensitivity[k, i]),
            "contribution": float(self.contribution[k, i]), "percent": float(self.percent[k, i]), "rank": rank}

    def __len__(self):
        return len(self.outputs) * (len(self.inputs) + (self._extra is not None))

    def __iter__(self):
        for k in range(len(self.outputs)):
            yield from self._rows(k)

    def to_records(self):
        """The budget as a list of dicts, one for each result and input: ``pandas.DataFrame(records)`` takes it."""
        return list(self)

    def to_dict(self):
        """The budget as ``{output: {input: {"value": ..., "percent": ...}}}``, inputs in the order of their rank."""
        skipped = ("output", "input")
        return {
            name: {row["input"]: {key: v for key, v in row.items() if key not in skipped} for row in self._rows(k)}
            for k, name in enumerate(self.outputs)
        }

    def to_text(self):
        """The budget as a table for each result."""
        return "\n".join(self._table(k) for k in range(len(self.outputs)))

    def _table(self, k):
        cells = [list(_COLUMNS)]
        for row in self._rows(k):
            numbers = ["" if row[c] is None else f"{row[c]:.6g}" for c in _COLUMNS[1:5]]
            cells.append([row["input"], *numbers, f"{row['percent']:.1f}"])
        widths = [max(len(line[c]) for line in cells) for c in range(len(_COLUMNS))]
        lines = [
            "  ".join(["", line[0].ljust(widths[0]), *(t.rjust(w) for t, w in zip(line[1:], widths[1:], strict=True))])
            for line in cells
        ]
        title = f"{self.outputs[k]} = {format_value(self._center[k], np.sqrt(self._variance[k]), '.2uS')}"
        return "\n".join([title, *lines])

    __str__ = to_text

    def __repr__(self):
        return f"<Budget of {len(self.outputs)} results and {len(self.inputs)} inputs>"
