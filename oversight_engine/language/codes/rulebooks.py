"""Problems of rulebooks."""

from __future__ import annotations

from oversight_engine.language.codes.code import Code

CODES = {
    "missing-file": Code(
        "A file that is needed is not there",
        "A rulebook has `rulebook.yaml`, `facts.yaml` and at least one file of rules.",
        "a folder without `facts.yaml`",
        "Add the file, or name the right folder.",
    ),
    "unknown-file": Code(
        "A file nobody reads",
        "What lies in a rulebook and is not read is not in force, whatever its author believes.",
        "rule/cancer.yaml, beside rules/",
        "Rename it, or move it elsewhere.",
    ),
    "bad-version": Code(
        "Not a version",
        "Versions are compared by people and programs.",
        "version: new",
        "Write numbers with points between them.",
    ),
    "bad-characters": Code(
        "Not a set of characters",
        "The characters of an identifier are letters, digits and ranges of them.",
        "characters: A-z!",
        "Write `A-Z0-9`, say.",
    ),
    "too-few-outcomes": Code(
        "A scale with fewer than two outcomes",
        "With one outcome there is nothing to decide.",
        "outcomes: [{id: standard, title: Standard}]",
        "Name the outcomes, lightest first.",
    ),
    "unsound-base": Code(
        "No sound rulebook to extend",
        "A rulebook that extends another is checked as one whole, so the other must be there and "
        "be sound.",
        'extends: {id: nof-2025-26, digest: "sha256:…", at: ../nof-2025}',
        "Mend `at`, or the rulebook there.",
    ),
    "wrong-base": Code(
        "The rulebook to extend is another one",
        "Whoever extends a rulebook has read it; when it changes, somebody looks again.",
        'extends: {id: nof-2025-26, digest: "sha256:…", at: ../nof-2025-26}, with the digest of '
        "yesterday",
        "Look at what has changed, and write the id and the digest that the message names.",
    ),
    "extends-itself": Code(
        "A rulebook that extends itself, or one that extends it",
        "There would be no first one.",
        'extends: {id: small, digest: "sha256:…", at: .}',
        "Extend a rulebook that does not rest on this one.",
    ),
    "nothing-to-remove": Code(
        "Something is removed that is not there",
        "The wish would have no effect, and is more often a slip.",
        "removes: {rules: [segment_by_quartle]}",
        "Mend the id, or remove the entry.",
    ),
    "other-rulebook": Code(
        "A reform of another rulebook",
        "Values that were meant for another rulebook would change this one unseen.",
        "rulebook: {id: hewitt-2032}",
        "Name the rulebook it is for, with its digest as it stands or with none.",
    ),
    "moves-with-itself": Code(
        "A fact that moves with itself",
        "Facts that move together are two at least.",
        "- {id: waiting_pct, moves_with: [waiting_pct], …}",
        "Name the other fact, or leave `moves_with` out.",
    ),
    "moves-unlike": Code(
        "Facts that cannot move together",
        "Facts that move together move by as much as each other, to the last decimal.",
        "- {id: waiting_pct, decimals: 2, moves_with: [is_open], …}",
        "Name a number with as many decimals.",
    ),
    "unknown-parameter": Code(
        "No such parameter",
        "A misspelt parameter would leave everything as it is, and nobody would notice.",
        "- {id: cancer_target, values: …}, in a reform",
        "Mend the id; the rulebook says which parameters there are.",
    ),
    "computed-parameter": Code(
        "A reform of a parameter that the cohort gives its value",
        "The value would be computed all the same.",
        "- {id: lower_quartile, values: …}, in a reform",
        "Extend the rulebook by one in which the parameter has values.",
    ),
    "unsound-under-reform": Code(
        "A rulebook that is not sound under the reform",
        "With the reform's values rows overlap, bands do not rise or something is divided by "
        "nothing.",
        "a reform that sets the lower of two bounds above the upper",
        "Mend the values, or change what rests on them in a rulebook of its own.",
    ),
    "unknown-outcome": Code(
        "The outcome is not on the scale",
        "The scale is declared once, in `rulebook.yaml`.",
        "outcome: standard_oversigt",
        "Use an outcome of the scale, or `refer` in a rule and `referral` elsewhere.",
    ),
    "lightest-outcome": Code(
        "A rule that leads to the lightest outcome",
        "The lightest outcome is what remains where no rule holds, so such a rule would do "
        "nothing.",
        "outcome: lighter_reporting",
        "Say what stands against the lightest outcome.",
    ),
    "unknown-consequence": Code(
        "No such consequence",
        "Who is proposed is proposed because a decision carries something that is declared.",
        "consequence: harp_propsal, of a proposal",
        "Mend the id, or declare the consequence.",
    ),
    "no-order": Code(
        "Something that puts nothing in order",
        "A parameter is the same for all, and the values of an unordered category have no first.",
        "order: [{by: harp_places, first: higher}]",
        "Name a number, a boolean, a date, a condition or an ordered category.",
    ),
    "unknown-measure": Code(
        "No such measure",
        "Measures are declared in `rulebook.yaml`.",
        "measure: undertaking",
        "Mend the name, or declare the measure.",
    ),
    "unknown-principle": Code(
        "No such principle",
        "Principles are declared in `rulebook.yaml`.",
        "principle: colaboration",
        "Mend the name, or declare the principle.",
    ),
    "unknown-theme": Code(
        "No such theme",
        "Themes are declared in `rulebook.yaml`.",
        "theme: finances",
        "Mend the name, or declare the theme.",
    ),
    "unknown-document": Code(
        "No such document",
        "Documents are declared in `rulebook.yaml`.",
        "source: {document: planing-2025-26, at: annex}",
        "Mend the id, or declare the document.",
    ),
    "no-source": Code(
        "A rule, limit, measure or consequence without a source",
        "Whoever is overseen may ask where it comes from.",
        "a rule without `source` and `policy_choice`",
        "Cite a document, or say frankly why it was chosen.",
    ),
    "no-instrument": Code(
        "A number without an instrument",
        "A threshold decides cases; it is somebody's.",
        "{from: 2025-04-01, value: 75}",
        "Cite the instrument that sets it, or say under `policy_choice` why it was chosen.",
    ),
    "never-in-force": Code(
        "Dates outside those of the rulebook",
        "It could never apply.",
        "in_force: {from: 2031-04-01}, of a rule in a rulebook until 2027",
        "Mend the dates, or remove it.",
    ),
    "overlapping-dates": Code(
        "Two values of a parameter on one day",
        "Nobody could say which holds.",
        "from 2024-04-01 without end, and from 2025-04-01",
        "End the earlier span on the day before the later one.",
    ),
    "unsigned-deficit": Code(
        "A number called a deficit",
        "It is not clear whether 5 or -5 means that 5 is lacking, and readers have got it "
        "wrong both ways.",
        "id: plan_deficit_pct",
        "State the signed position, surplus positive and deficit negative, and name it for that.",
    ),
    "too-many-tagged": Code(
        "More facts carry a tag than the rulebook allows",
        "The limit is the rulebook's own: a limited number of priorities is a principle, not "
        "a habit.",
        "an eleventh fact tagged `national_priority`",
        "Take the tag from those that need it least.",
    ),
    "not-a-count": Code(
        "Local priorities without facts to become",
        "The case's own list becomes four whole numbers, which the rulebook declares as facts.",
        "local_priorities: {agreed: nobody_declared_this, …}",
        "Declare four facts that are numbers without decimals.",
    ),
    "harshest-holds-back": Code(
        "A rule of the harshest outcome that holds back",
        "Intervention is never inferred from silence: what is unknown makes such a case a "
        "referral.",
        "outcome: intervention, if_unknown: hold_back",
        "Say `if_unknown: refer`, or leave it out.",
    ),
    "ignore-without-reason": Code(
        "A rule that ignores unknown facts without a reason",
        "Ignoring what is not known can make silence pay; whoever decides so says why.",
        "if_unknown: ignore",
        "Add `reason_to_ignore`, or hold back.",
    ),
    "cycle": Code(
        "Findings that rest on themselves",
        "None of them could be concluded first.",
        "a: when b; b: when a",
        "Let one of them look at facts instead.",
    ),
    "no-cohort": Code(
        "A cohort is needed and none is declared",
        "A quantile or a rank is one among others, and the rulebook says who they are.",
        "cohort: {quantile: average_score, at: 0.25, interpolation: linear}, in a rulebook "
        "without `cohort`",
        "Say in `rulebook.yaml`, under `cohort`, who is judged together.",
    ),
    "members-by-cohort": Code(
        "Membership that rests on what is computed from the members",
        "Who belongs to the cohort must be known before anything is computed from it.",
        "members: average_score < upper_quartile",
        "Let `members` rest on facts, and on findings that need no cohort.",
    ),
    "bad-ranking": Code(
        "Scores by rank that do not go one way",
        "A better number would get a worse score.",
        "best: 1, worst: 4, floor: {at: 70, score: 2}",
        "Let the scores go one way from the standard over best and worst to the floor, and let "
        "the floor be no better than the standard.",
    ),
    "table-too-complex": Code(
        "A row that does more than compare quantities with constants",
        "Only then can it be shown that no two rows hold at once and none is missing.",
        "{when: a < b, value: 1}",
        "Make the difference or the count a finding, and let the row look at that.",
    ),
    "table-too-large": Code(
        "A table with too many cells",
        "Every cell is looked at, so there is a limit.",
        "a table over ten facts with ten rows each",
        "Split it into several findings.",
    ),
    "overlapping-rows": Code(
        "Two rows that hold at once",
        "The value would depend on the order of the rows.",
        "{when: a < 3, value: 1} and {when: a < 5, value: 2}",
        "Say in the later row what the earlier one leaves.",
    ),
    "incomplete-table": Code(
        "Values for which no row holds",
        "The table would have no value there, and nobody decided so.",
        "{when: a < 3, value: 1} and {when: a > 3, value: 2}",
        "Add a row, or say what is so `otherwise`.",
    ),
    "row-never-holds": Code(
        "A row that no values make hold",
        "It has no effect; another condition was probably meant.",
        "{when: score == 7, value: 1}, of a score from 1 to 4",
        "Mend the condition, or remove the row.",
    ),
    "bad-band": Code(
        "Bands that are not a rising staircase",
        "Each row takes what the rows before it left, up to its own bound, and the last takes"
        " the rest.",
        "{below: 2, value: 1}, {below: 1, value: 2}, {value: 3}",
        "Order the rows by their bounds, and let only the last have none.",
    ),
    "harshest-unconfirmed": Code(
        "The harshest outcome needs no confirmation",
        "The engine recommends it, and a person confirms it; a rulebook may ask that of more "
        "outcomes, and not of fewer.",
        "confirmation: {outcomes: [middle], …} on a scale that ends with `harsh`",
        "Add the last outcome of the scale.",
    ),
    "history-mismatch": Code(
        "A fact that cannot hold its history",
        "What a ledger fills in is a value of the fact like any other.",
        "history: {of: outcome_in_force} on a category that has no value `none`",
        "Give the fact the type, the values and the statuses that the message names.",
    ),
    "unused": Code(
        "A fact, finding or parameter nobody reads",
        "It has no effect on any decision.",
        "a parameter that no condition mentions",
        "Use it, or remove it; a finding that is a result of its own says `reported: yes`.",
        is_warning=True,
    ),
    "unserved": Code(
        "A principle, outcome, measure or document nothing refers to",
        "It may be meant for later, or a rule may be missing.",
        "a principle that no rule serves",
        "Write the rule that is missing, or remove it.",
        is_warning=True,
    ),
    "parameter-gap": Code(
        "Days on which a parameter has no value",
        "What reads it is not in force on such days; gaps are never filled by guessing.",
        "values until 2025-03-31 and from 2026-04-01",
        "Nothing, if no number held then; else add the value that did.",
        is_warning=True,
    ),
}
