"""A table's schema, beside what makes the table: its columns in order, what each holds, in which unit."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from evidrift.base.errors import UserError

if TYPE_CHECKING:
    import pandas as pd


class Column(NamedTuple):
    """What a column holds.

    Attributes:
        dtype: `str` for text, also as categories; else numpy's.
        unit: or range, or what the numbers count; empty for text.
    """

    dtype: Any
    unit: str


Schema = dict[str, Column]


def columns(dtype: Any, unit: str, *names: str) -> Schema:
    """Several columns of one kind."""
    return dict.fromkeys(names, Column(dtype, unit))


def framed(rows: Iterable[Any], schema: Schema) -> "pd.DataFrame":
    """Rows as a data frame with the schema's columns and dtypes, even where there is no row."""
    import pandas as pd  # here: whoever only names columns, as the store does, starts without it

    frame = pd.DataFrame(list(rows), columns=list(schema))
    return frame.astype({name: column.dtype for name, column in schema.items() if column.dtype is not str})


def require(path: Path, dtypes: Mapping[str, Any], schema: Schema, stage: str) -> None:
    """See that a file has the schema's columns; it may have others, too.

    Args:
        path: of the file.
        dtypes: by column that is there, its dtype as in `Column`.
        schema: what there must be.
        stage: that writes the file.

    Raises:
        UserError: a column is missing, or holds something else.
    """
    for name, (dtype, _) in schema.items():
        if name not in dtypes:
            problem = f"has no column {name}"
        elif dtypes[name] is not dtype:
            problem = f"holds {dtypes[name].__name__} in its column {name}, which must be {dtype.__name__}"
        else:
            continue
        raise UserError(f"{path} {problem}. The stage {stage} writes it: run `dvc repro`.")
