"""Small files in the form in which NHS England publishes its framework's figures."""

import csv
import io

from oversight_engine.importing.nof import GROUPS, NEEDED, NofImporter
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.resources import shipped

ACUTE, AMBULANCE, MENTAL = GROUPS
COLUMNS = (
    "Quarter", "Region", "Trust_type", "Trust_subtype", "Trust_code", "Trust_name", "Domain",
    "Sub-domain", "Metric_ID", "Metric_description", "Reporting_date", "Units", "Value",
    "Median_value", "Lower_quartile", "Upper_quartile", "Rank",
)  # fmt: skip
UNITS = {"OF1": "score", "OF40": "score", "OF41": "segment", "OF5002": "score",
         "OF5003": "segment", "OF5000": "segment", "OF5005": "segment", "OF5004": "flag",
         "OF5007": "flag"}  # fmt: skip

RULEBOOK = load_rulebook(shipped("rules") / "nof-2025-26")


def unit_of(metric):
    return next((unit for start, unit in UNITS.items() if metric.startswith(start)), "%")


def row(code="RA1", metric="OF5002", value="2.41", **more):
    """Return a row about a made-up trust."""
    cells = dict.fromkeys(COLUMNS, "") | {
        "Quarter": "Q1 2025/26", "Region": "Example North", "Trust_type": ACUTE,
        "Trust_code": code, "Trust_name": f"Trust {code}", "Metric_ID": metric,
        "Metric_description": f"About {metric}", "Reporting_date": "Jun-25",
        "Units": unit_of(metric), "Value": value,
    }  # fmt: skip
    return cells | more


def trust(code="RA1", final="2", **metrics):
    """Return the rows of a trust: *metrics* by id in lower case, and its final segment."""
    return [row(code, metric.upper(), value) for metric, value in metrics.items()] + [
        row(code, "OF5005", final)
    ]


def text(rows, columns=COLUMNS, ending="\n"):
    page = io.StringIO()
    writer = csv.DictWriter(page, columns, lineterminator=ending, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return page.getvalue()


def write(folder, rows, name="nof.csv", **more):
    path = folder / name
    path.write_bytes(text(rows, **more).encode())
    return path


def read(*paths, rulebook=RULEBOOK, as_of=None):
    return NofImporter().read(paths, rulebook, as_of)


def place_of(cells, column):
    """Return the column of the text in which a cell of such a row begins."""
    return 1 + sum(len(cells[name]) + 1 for name in COLUMNS[: COLUMNS.index(column)])


def told(imported, folder):
    """Return the problems without the folder they are in."""
    return [str(problem).replace(f"{folder}/", "") for problem in imported.problems]


def values(imported):
    """Return what every case states, by quarter, trust and fact."""
    return {
        (cohort.label, case.system.code, fact_id): stated.value
        for cohort in imported.cohorts
        for case in cohort.cases
        for fact_id, stated in case.facts.items()
    }


def compared(imported):
    """Return every published cell that is compared, by quarter, trust and metric."""
    return {
        (cohort.label, cell.code, cell.metric): cell.value
        for cohort in imported.cohorts
        for cell in cohort.cells
    }


def uses(imported):
    """Return how many rows became what."""
    found = {}
    for rows in imported.rows_used:
        found[rows.use] = found.get(rows.use, 0) + rows.number
    return found


assert set(NEEDED) < set(COLUMNS)
