"""The command line: fits of NIST data against the certified answers, and what is printed about them."""

import dataclasses
import re
import subprocess
import sys
from importlib.resources import files

import numpy as np
import pytest

import dualad
from dualad import demo, value_and_jacobian
from dualad.__main__ import columns, main

DATA = files("dualad") / "data" / "nist_strd"


@pytest.fixture(params=demo.MODELS)
def problem(request):
    return demo.load(request.param)


def test_every_data_file_has_a_model():
    names = {file.name for file in DATA.iterdir()}
    assert names == {f"{name}.dat" for name in demo.MODELS} | {"README.md"}


def test_parser_reads_thurber():
    thurber = demo.load("Thurber")
    assert thurber.name == "Thurber"
    formula = "y = (b1 + b2*x + b3*x**2 + b4*x**3) / (1 + b5*x + b6*x**2 + b7*x**3) + e"
    assert " ".join(thurber.formula.split()) == formula
    assert thurber.starts.tolist() == [
        [1000, 1000, 400, 40, 0.7, 0.3, 0.03],
        [1300, 1500, 500, 75, 1, 0.4, 0.05],
    ]
    assert thurber.values[[0, -1]].tolist() == [1.2881396800e03, 4.9727297349e-02]
    assert thurber.deviations[[0, -1]].tolist() == [4.6647963344, 6.5842344623e-03]
    assert (thurber.x.shape, thurber.y.shape) == ((37,), (37,))
    assert (thurber.x[0], thurber.y[0]) == (-3.067, 80.574)
    assert (thurber.x[-1], thurber.y[-1]) == (2.2, 1457.628)


def test_parser_keeps_every_line_of_a_long_formula():
    assert len(demo.load("ENSO").formula.splitlines()) == 3


def test_parser_names_the_missing_section():
    with pytest.raises(ValueError, match="starting values"):
        demo.parse("Dataset Name: Empty\n\n  y = b1 + e\n\n")


def test_models_reproduce_the_certified_sum_of_squares(problem):
    text = (DATA / f"{problem.name}.dat").read_text(encoding="ascii")
    certified = float(re.search(r"Residual Sum of Squares: +(\S+)", text)[1])
    residual = problem.y - demo.MODELS[problem.name](problem.values, problem.x)
    assert problem.y.size == int(re.search(r"Number of Observations: +(\d+)", text)[1])
    # atol for Lanczos1: parameters of 11 digits leave residuals far above the certified 1e-13
    np.testing.assert_allclose(residual @ residual, certified, rtol=1e-10, atol=1e-19)


def test_jacobians_equal_complex_steps(problem):
    model = demo.MODELS[problem.name]
    for start in problem.starts:
        value, jacobian = value_and_jacobian(model)(start, problem.x)
        steps = start[:, None] + 1e-200j * np.eye(start.size)
        expected = np.stack([model(steps[:, k], problem.x).imag / 1e-200 for k in range(start.size)], axis=1)
        np.testing.assert_array_equal(value, model(start, problem.x))
        np.testing.assert_allclose(jacobian, expected, rtol=1e-11, atol=1e-13 * np.abs(expected).max())


@pytest.mark.parametrize("start", [0, 1])
def test_fits_reach_the_certified_answers(problem, start):
    result = demo.fit(demo.MODELS[problem.name], problem.starts[start], problem.x, problem.y)
    assert demo.agreeing_digits(result.values, problem.values).min() >= 9
    deviation_digits = demo.agreeing_digits(result.deviations, problem.deviations).min()
    if problem.name == "Lanczos1":  # |y - f(x)| is 4e-13 where |y| is 4: float64 knows three of its digits
        assert 2 < result.attainable < 3
        assert deviation_digits >= result.attainable
    else:
        assert result.attainable > 9
        assert deviation_digits >= 9


def test_levenberg_marquardt_refuses_steps_out_of_the_domain():
    def model(b, x):
        return np.log(b[0]) * x

    x = np.array([1.0, 2.0, 2.0])
    y = np.log(2) * x + np.array([0.0, 0.1, -0.1])  # what is added is orthogonal to x
    result = demo.fit(model, np.array([50.0]), x, y)  # the first full step would make b negative
    np.testing.assert_allclose(result.values, [2.0], rtol=1e-14)
    # d model / db = x/b, |x| = 3, residual variance 0.02/2
    np.testing.assert_allclose(result.deviations, [0.1 * 2 / 3], rtol=1e-13)


@pytest.mark.parametrize(
    ("computed", "certified", "digits"),
    [
        (2.0, 2.0, 11),
        (1 + 1e-14, 1.0, 11),
        (1.001, 1.0, 3),
        (-1.0, 1.0, 0),
        (np.nan, 1.0, 0),
        (np.inf, 1.0, 0),
    ],
)
def test_agreeing_digits(computed, certified, digits):
    assert demo.agreeing_digits(computed, certified) == pytest.approx(digits)


def test_demo_prints_certified_and_computed_values(capsys):
    assert main(["demo", "DanWood", "Rat42"]) == 0
    output = capsys.readouterr().out
    assert "DanWood: 6 observations, 2 parameters" in output
    assert "y  = b1*x**b2  +  e" in output
    # the certified line, then one line from each start, which agree in all printed digits but the last
    rows = [line.split() for line in output.splitlines() if "7.68862261" in line]
    assert [row[:-2] if row[0] == "start" else row for row in rows] == [
        ["b1", "certified", "7.6886226176E-01", "1.8281973860E-02"],
        ["start", "1", "7.6886226176E-01", "1.8281973860E-02"],
        ["start", "2", "7.6886226176E-01", "1.8281973860E-02"],
    ]
    assert "4 fits. Smallest number of agreeing digits" in output
    assert "Gauss1" not in output and "FAILED" not in output


def test_demo_of_all_data_sets_succeeds_and_names_the_limits_of_float64(capsys):
    assert main(["demo"]) == 0
    output = capsys.readouterr().out
    assert "26 fits" in output
    assert re.search(r"Lanczos1 from start 1: 2\.\d digits are certain", output)
    assert all(f"{name}: " in output for name in demo.MODELS)


@pytest.mark.parametrize("field", ["values", "deviations"])
def test_demo_fails_when_digits_are_missing(field, monkeypatch, capsys):
    real = demo.load("Misra1a")
    wrong = dataclasses.replace(real, **{field: getattr(real, field) * (1 + 1e-5)})
    monkeypatch.setattr(demo, "load", lambda name: wrong)
    assert main(["demo", "Misra1a"]) == 1
    assert "FAILED: Misra1a from start 1 agrees to" in capsys.readouterr().out


def test_unknown_data_set_is_an_error_that_lists_them_all(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["demo", "Misra1b"])
    assert stop.value.code == 2
    message = capsys.readouterr().err
    assert "no data set 'Misra1b'" in message and all(name in message for name in demo.MODELS)


def test_command_is_required(capsys):
    with pytest.raises(SystemExit) as stop:
        main([])
    assert stop.value.code == 2
    assert "{demo,info}" in capsys.readouterr().err


def test_info_prints_versions_and_supported_functions(capsys):
    assert main(["info"]) == 0
    output = capsys.readouterr().out
    for text in (dualad.__version__, np.__version__, "SIMD variant", "memory ", "arctan2", "reshape"):
        assert text in output


def test_columns_are_read_downwards(monkeypatch):
    monkeypatch.setenv("COLUMNS", "14")
    assert columns(["a", "bb", "ccc", "d", "e"]) == "a    d\nbb   e\nccc"
    assert columns([]) == ""


def test_python_m_dualad():
    command = [sys.executable, "-m", "dualad", "demo", "Misra1a"]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    assert finished.stdout.startswith("Misra1a: 14 observations") and not finished.stderr


def test_a_reader_that_leaves_early_causes_no_traceback():
    command = [sys.executable, "-m", "dualad", "info"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1
