"""Every error raised on purpose: one tree, stable codes, named exit codes.

OversightError
├── InputError                  a case file or an argument is wrong             exit 2
│   ├── NotInForceError         the rulebook does not hold on the decision's date
│   ├── DigestError             a pinned digest does not match
│   ├── CohortNeededError       there is no cohort to judge a case among
│   ├── CohortMismatchError     cohort values are of another rulebook, reform or day
│   ├── LedgerUnavailableError  a ledger cannot be read or written now
│   └── MoveError               what was recorded leaves no room for what is asked
├── RulebookError               a rulebook is invalid                           exit 3
│   └── ParameterNeededError    a required parameter has no value on that day
├── IntegrityError              a record is not what it says it is              exit 5
├── EvaluatorError              an evaluator failed                             exit 70
│   ├── EvaluatorUnavailableError   it cannot run on this machine               exit 2
│   └── EvaluatorLimitError     a rulebook is beyond its static limits          exit 3
└── DisagreementError           two evaluators differ: no decision              exit 6

The codes, the class names and the exit codes are part of the compatibility policy
(`docs/reference/compatibility.md`).
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from oversight_engine.language.problems import Problem
    from oversight_engine.model.trace import Trace


class ExitCode(enum.IntEnum):
    """How a command ends; the same for every output format."""

    DONE = 0
    FINDINGS = 1
    BAD_INPUT = 2
    INVALID_RULEBOOK = 3
    REFERRED = 4
    INTEGRITY = 5
    DISAGREEMENT = 6
    BUG = 70
    INTERRUPTED = 130


class OversightError(Exception):
    """Anything this package refuses on purpose.

    Attributes:
        code: a stable name for the kind of error.
        exit_code: how a command that meets it ends.
        problems: what is wrong, where the error has several causes: in files each a `Problem`
            with its place, else text.
    """

    code: ClassVar[str] = "oversight-error"
    exit_code: ClassVar[ExitCode] = ExitCode.BUG

    def __init__(self, message: str, *, problems: Iterable[Problem | str] = ()) -> None:
        """Keep *message*, and the located *problems* it sums up."""
        super().__init__(message)
        self.problems: tuple[Problem | str, ...] = tuple(problems)


class InputError(OversightError):
    """A case file, or something given to a call or a command, is wrong."""

    code = "bad-input"
    exit_code = ExitCode.BAD_INPUT


class NotInForceError(InputError):
    """The rulebook does not hold on the date of the decision."""

    code = "not-in-force"


class DigestError(InputError):
    """A rulebook is not the one that was pinned."""

    code = "digest-mismatch"


class CohortNeededError(InputError):
    """A rulebook that declares a cohort is asked without one, or with too small a one."""

    code = "cohort-needed"


class CohortMismatchError(InputError):
    """Cohort values were computed for another rulebook, under another reform or for another day."""

    code = "cohort-mismatch"


class LedgerUnavailableError(InputError):
    """A ledger cannot be read or written now: it is locked, read-only, full or out of reach."""

    code = "ledger-unavailable"


class MoveError(InputError):
    """What is already recorded about a decision leaves no room for what is to be recorded."""

    code = "illegal-move"


class RulebookError(OversightError):
    """A rulebook breaks the format or its own promises."""

    code = "invalid-rulebook"
    exit_code = ExitCode.INVALID_RULEBOOK


class ParameterNeededError(RulebookError):
    """A parameter that the rulebook requires has no value on the date of the decision."""

    code = "parameter-needed"


class AnalysisLimitError(OversightError):
    """An exact answer would take more steps than the analysis may make."""

    code = "analysis-limit"
    exit_code = ExitCode.BAD_INPUT


class IntegrityError(OversightError):
    """What was recorded is not what it says it is."""

    code = "integrity-failure"
    exit_code = ExitCode.INTEGRITY


class EvaluatorError(OversightError):
    """An evaluator failed where it should not have."""

    code = "evaluator-failed"


class EvaluatorUnavailableError(EvaluatorError):
    """An evaluator cannot run on this machine; the message says what would mend it."""

    code = "evaluator-unavailable"
    exit_code = ExitCode.BAD_INPUT


class EvaluatorLimitError(EvaluatorError):
    """A rulebook is beyond what an evaluator can hold."""

    code = "evaluator-limit"
    exit_code = ExitCode.INVALID_RULEBOOK


class DisagreementError(OversightError):
    """Two evaluators came to different truths, so there is no decision.

    Attributes:
        traces: both traces, by the evaluator's name.
        differences: what differs, in words.
    """

    code = "evaluators-disagree"
    exit_code = ExitCode.DISAGREEMENT

    def __init__(
        self, message: str, *, traces: dict[str, Trace], differences: tuple[str, ...]
    ) -> None:
        """Keep the two *traces* and the *differences* between them."""
        super().__init__(message, problems=differences)
        self.traces = traces
        self.differences = differences
