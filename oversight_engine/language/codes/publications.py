"""Problems of what others publish, as it is downloaded."""

from __future__ import annotations

from oversight_engine.language.codes.code import Code

CODES = {
    "missing-column": Code(
        "A column that is needed is missing",
        "The publication has another form than the importer knows, and a guess would be a wrong "
        "figure in the right place.",
        "a file in which `Metric_ID` is called `Metric`",
        "Take the file as it was published; if its form has changed, it needs another importer.",
    ),
    "duplicate-column": Code(
        "Two columns of one name",
        "Nobody could say which of them is meant.",
        "Value,Value",
        "Take the file as it was published.",
    ),
    "unknown-column": Code(
        "A column from which nothing is read",
        "Nothing is dropped without a word.",
        "a column `Confidence_interval` that an importer does not know",
        "Nothing needs to be done; if the column matters, the importer has to learn it.",
        is_warning=True,
    ),
    "wrong-width": Code(
        "A row with more or fewer cells than there are columns",
        "Every cell after the odd one would be read as something else.",
        "a name with a comma and no quotes",
        "Take the file as it was published.",
    ),
    "stray-quote": Code(
        "A double quote inside a cell that has none around it",
        "Where the cell ends cannot be told.",
        'Trust "A",2.41',
        "Put the cell in double quotes, and double those within.",
    ),
    "truncated-file": Code(
        "The file ends before it is complete",
        "What was cut off is not known, and the rest may be as little as half of it.",
        "a last row of three cells where the others have seventeen",
        "Download the file again.",
    ),
    "no-final-newline": Code(
        "The last line has no end",
        "That is allowed; and it is how a file looks whose last figure was cut.",
        "2.4 at the end of a file, which may have been 2.41",
        "Compare the last row with the source.",
        is_warning=True,
    ),
    "incomplete-publication": Code(
        "Something that every organisation should have is missing",
        "A file that was cut between two rows looks whole; that something is missing is what shows "
        "it.",
        "a trust with metric scores and no final segment",
        "Download the file again; if it is so in the source, nothing needs to be done.",
        is_warning=True,
    ),
    "unknown-period": Code(
        "Not a period that the publication has",
        "A figure belongs to its quarter or to none.",
        "Quarter: Autumn 2025",
        "Write the quarter as the publication does, as in Q1 2025/26.",
    ),
    "no-date": Code(
        "When a quarter was published is not known",
        "A decision has a date, and nobody could have decided before the figures were out.",
        "a quarter that came out after this version of the importer",
        "Say the date with --as-of.",
    ),
    "unknown-metric": Code(
        "A metric that neither the rulebook nor the publication's scheme knows",
        "A new or misspelt metric would be left out of every score, and nobody would notice.",
        "Metric_ID: 0F5002",
        "Mend the id; or declare the metric as a fact or finding of the rulebook.",
        is_warning=True,
    ),
    "duplicate-row": Code(
        "One metric of one organisation and quarter twice",
        "Whether the second corrects the first or the other way round, the file does not say.",
        "one file named twice",
        "Keep one.",
    ),
    "impossible-value": Code(
        "A value that its kind cannot have",
        "A flag is 0 or 1, a score lies from 1 to 4, a segment is one of five; anything else is a "
        "fault of the file.",
        "Metric_ID: OF5003, Value: 7",
        "Compare the row with the source.",
    ),
    "conflicting-rows": Code(
        "Rows that contradict each other about one organisation",
        "One of them has the wrong code, and so its figures may be another's.",
        "R0A called Manchester on one line and Mersey on another",
        "Compare the rows with the source.",
    ),
    "unknown-organisation": Code(
        "An organisation that the map does not place",
        "Its figures belong to some system, and would be missing there.",
        "a trust without a row in the map of trusts to systems",
        "Add it to the map, with where that is from.",
        is_warning=True,
    ),
}
