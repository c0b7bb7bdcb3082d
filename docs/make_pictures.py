"""Draws the pictures next to it, pictures/*.svg, from the blocks of plotting.md."""

import pathlib
import re

import matplotlib

matplotlib.use("Agg")
matplotlib.rcParams.update({"svg.hashsalt": "dualad", "svg.fonttype": "none", "font.size": 9, "image.resample": False})

HERE = pathlib.Path(__file__).parent


def main():
    """Run the page, and save the figure of each block under the name of the image that follows it."""
    from matplotlib import pyplot

    names = {}
    for block, name in re.findall(r"^```python\n(.*?)^```$(?:\n\n!\[[^]]*\]\((.*?)\))?",
                                  (HERE / "plotting.md").read_text(), re.M | re.S):
        exec(block, names)
        if name:
            figure = pyplot.gcf()
            figure.savefig(HERE / name, metadata={"Date": None, "Creator": None}, bbox_inches="tight", dpi=100)
        pyplot.close("all")


if __name__ == "__main__":
    main()
