"""The framework of the benchmarks: no times, but that works are checked, figures are right, and files read back."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

benchmarks = pytest.importorskip("benchmarks", reason="the benchmarks are not part of this installation")
from benchmarks import __main__ as program  # noqa: E402
from benchmarks import cases, limit, peers, report, timing, work  # noqa: E402
from benchmarks.cases import solvers  # noqa: E402

SHORT = timing.Settings(rounds=2, seconds=1e-6, patience=1e-6, least=1)
LARGEST = 100_000
SLOW = {"solvers", "memory", "linalg"}  # large by design


@pytest.fixture(scope="module")
def contenders():
    """dualad, and the hand-written C where there is a compiler."""
    found, _ = peers.load((*peers.OURS, *limit.LIMITS))
    return found


def agreed(piece, peer):
    """Return whether `peer` does the work and agrees with the right result; None if it has no such job."""
    contender = peer.contend(piece.job, piece.size, *piece.arguments)
    return contender and work.disagreement(contender, contender.unpack(contender.run()), piece.expected) is None


def test_subnormal_numbers_survive_the_c_libraries(contenders):
    # a processor that flushes them finds them equal to 0 as well: the bits tell
    assert (np.array([5e-324]) * np.ones(1)).view(np.int64)[0] == 1


@pytest.mark.parametrize("family", [name for name in cases.families() if name not in SLOW])
def test_results_of_dualad_and_c_agree_in_every_case(family, contenders):
    for piece in cases.works(family, quick=True):
        if piece.size > LARGEST:
            continue
        verdicts = {peer.name: agreed(piece, peer) for peer in contenders}
        assert verdicts["dualad"] is True, piece.title
        assert False not in verdicts.values(), (piece.title, verdicts)


@pytest.mark.parametrize("make, size", [("kepler", 1000), ("small_systems", 1000), ("tridiagonal", 100)])
def test_solutions_of_dualad_and_c_agree(make, size, contenders):
    piece = getattr(solvers, make)(size)
    verdicts = {peer.name: agreed(piece, peer) for peer in contenders}
    assert verdicts["dualad"] is True and False not in verdicts.values(), verdicts
    assert not shutil.which("cc") or verdicts["C"] is True


def test_small_solves_agree_with_the_right_solution(contenders):
    ours = next(peer for peer in contenders if peer.name == "dualad")
    assert agreed(solvers.two_unknowns(), ours) and agreed(solvers.curve(20), ours)


def test_eight_works_at_least_have_hand_written_c(contenders):
    if not shutil.which("cc"):
        pytest.skip("no C compiler")
    c = next(peer for peer in contenders if peer.name == "C")
    able = {piece.title for family in cases.families() if family not in SLOW for piece in cases.works(family, True)
            if c.contend(piece.job, piece.size, *piece.arguments) is not None}
    assert len(able) >= 8


def test_every_peer_is_skipped_with_a_note_or_loaded():
    found, notes = peers.load(peers.PEERS)
    assert {peer.name for peer in found} | {note.contender for note in notes} == {kind.name for kind in peers.PEERS}
    assert all("skipped" in note.problem for note in notes)


def contender(name, value, exact=False):
    return work.Contender(name, "answer", {"answer": value}, exact=exact)


@pytest.mark.parametrize("answer, problem", [
    ((np.ones(2), np.ones(2)), None),
    ((np.ones(2), np.array([1.0, 1.1])), "derivative is off"),
    ((np.array([1.0, 2.0]), np.ones(2)), "value is off"),
    ((np.ones(2), np.array([1.0, np.nan])), "derivative is off"),
    ((np.ones(2), np.ones(3)), "shape"),
])
def test_a_wrong_result_is_told(answer, problem):
    found = work.disagreement(contender("a", answer), answer, (np.ones(2), np.ones(2)))
    assert found is None if problem is None else problem in found


def test_a_value_that_is_not_numpys_is_told():
    near = (np.nextafter(np.ones(1), 2), np.ones(1))
    assert "bit for bit" in work.disagreement(contender("a", near, exact=True), near, (np.ones(1), np.ones(1)))


class Stub(peers.Peer):
    """A peer that answers what it is told."""

    def __init__(self, name, answer):
        self.name, self.answer = name, answer

    def double(self, x):
        if self.answer is None:
            raise RuntimeError("no idea")
        return contender(self.name, self.answer)


def test_wrong_and_failing_contenders_get_a_note_and_no_figure():
    piece = work.Work("stub", "double", 1, "NumPy's", "double", (1.0,), (2.0, 2.0), contender("numpy", (2.0, None)),
                      target=0.0)
    stubs = [Stub("dualad", (2.0, 2.0)), Stub("wrong", (2.0, 3.0)), Stub("broken", None)]
    figures = piece.figures(stubs, SHORT)
    assert [figure.contender for figure in figures] == ["numpy", "dualad"]
    assert [note.contender for note in piece.notes] == ["wrong", "broken"]
    assert figures[1].over and figures[1].low <= figures[1].value <= figures[1].high


def test_a_slow_contender_sits_out_rounds():
    samples = timing.sample_interleaved([contender("fast", 1)], timing.Settings(4, 1e-6, 1.0, 3))
    assert np.isfinite(samples["fast"]).sum() == 4
    samples = timing.sample_interleaved([contender("slow", 1)], timing.Settings(4, 1e-6, 0.0, 1))
    assert np.isfinite(samples["slow"]).sum() == 1


def figure(contender, value, work="chain", size=10, **fields):
    return work_figure("family", work, size, contender, "NumPy's", value, value / 2, 2 * value, **fields)


work_figure = work.Figure


@pytest.fixture
def run():
    figures = [figure("numpy", 1.0, seconds=1e-6), figure("dualad", 2.0, target=1.5, seconds=2e-6),
               figure("C", 0.5, seconds=5e-7), figure("autograd", 1.8), figure("jax.jit", 1.0)]
    return report.Run({"processor": "abacus"}, ["numpy 9"], figures, [work.Note("jax", "skipped, no such module")])


def test_table_shows_target_verdict_and_distance_to_c(run):
    head, _, line = run.table("family").splitlines()
    cells = dict(zip(*([cell.strip() for cell in row.split("|")] for row in (head, line)), strict=True))
    assert cells["target"] == "1.5" and cells["dualad"] == "2" and cells["to C"] == "4"
    assert cells["1 ="] == "NumPy's, 1 us" and "over" in line and cells["quartiles"] == "1..4"


def test_summary_names_missed_targets_notes_and_who_is_ahead(run):
    text = run.summary()
    assert "1 over" in text and "jax: skipped" in text
    eager, compiled = text.split("a compiler is ahead")
    assert "autograd" in eager and "jax.jit" not in eager and "jax.jit" in compiled


def test_run_reads_back_and_compares(run, tmp_path):
    run.save(tmp_path / "run.json")
    assert json.loads((tmp_path / "run.json").read_text())["machine"] == {"processor": "abacus"}
    old = report.load(tmp_path / "run.json")
    assert old == run
    assert report.compare(run, old)[1] == 0
    slow = replace(run.figures[1], value=9.0, low=5.0, high=10.0)
    text, slower = report.compare(replace(run, figures=[slow]), old)
    assert slower == 1 and "SLOWER" in text and "4.50" in text
    noisy = replace(run.figures[1], value=9.0, low=1.5, high=10.0)
    assert report.compare(replace(run, figures=[noisy]), old)[1] == 0
    assert "another machine" in report.compare(replace(run, machine={}), old)[0]


def test_pages_quote_tables_between_markers(run, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- figures family: begin -->\nold\n<!-- figures family: end -->\nb\n"
                    "<!-- figures other: begin -->\nstays\n<!-- figures other: end -->\n")
    report.quote(run, page)
    text = page.read_text()
    assert run.table("family") in text and "old" not in text and "stays" in text and text.startswith("a\n")
    report.quote(run, page)
    assert page.read_text() == text
    page.write_text("nothing")
    with pytest.raises(SystemExit, match="no markers"):
        report.quote(run, page)


def test_charts_are_drawn(run, tmp_path):
    pytest.importorskip("matplotlib")
    from benchmarks import charts

    charts.draw(run, tmp_path)
    assert "autograd" in (tmp_path / "family.svg").read_text()
    run.figures += [figure(name, 2.0, size=size) for size in (100, 1000) for name in ("dualad", "autograd")]
    charts.draw(run, tmp_path)
    assert ">size<" in (tmp_path / "family.svg").read_text()


def test_command_line_runs_a_family_and_saves_it(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(program, "stay_on_one_cpu", lambda: None)
    monkeypatch.setattr(program, "QUICK", SHORT)
    file = tmp_path / "run.json"
    assert program.main(["scalar", "--quick", "--peers", "--json", str(file)]) == 0
    assert "## scalar" in capsys.readouterr().out
    assert program.main(["--from", str(file), "--compare", str(file)]) == 0
    assert "0 slower" in capsys.readouterr().out


@pytest.mark.parametrize("arguments, advice", [
    (["chain"], "did you mean chains?"), (["--peers", "jaxx"], "did you mean jax"), (["zzz"], "there are: chains"),
])
def test_unknown_names_get_advice(arguments, advice, capsys):
    with pytest.raises(SystemExit):
        program.main(arguments)
    assert advice in capsys.readouterr().err


def test_list_tells_families_and_packages(capsys):
    assert program.main(["--list"]) == 0
    told = capsys.readouterr().out
    assert all(name in told for name in (*cases.families(), *(kind.name for kind in peers.PEERS)))
