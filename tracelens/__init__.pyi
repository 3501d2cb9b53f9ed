"""What type checkers see of `import tracelens`; the module loads these names at their first use."""

from tracelens.errors import InputError as InputError
from tracelens.errors import QueryError as QueryError
from tracelens.errors import StoreError as StoreError
from tracelens.errors import TracelensError as TracelensError
from tracelens.errors import UsageError as UsageError
from tracelens.library import Account as Account
from tracelens.library import Session as Session
from tracelens.library import Status as Status
from tracelens.library import Store as Store
from tracelens.library import Trace as Trace
from tracelens.library import ingest as ingest
from tracelens.library import open as open  # noqa: A004

__version__: str
