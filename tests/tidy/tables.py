"""What the rules allow, as tables: a change here is a decision, and is reviewed as one."""

FILE_LINES = 400
TEST_FILE_LINES = 600
FUNCTION_LINES = 50
PUBLIC_METHODS = 12
POSITIONAL_PARAMETERS = 2
CHANGE_LINES = 6

BANNED_SUFFIXES = (
    "Manager", "Engine", "Service", "Handler", "Helper", "Helpers", "Util", "Utils",
    "Processor", "Base", "Abstract",
)  # fmt: skip
BANNED_PREFIXES = ("Abstract", "Base")
BANNED_FILES = ("base", "common", "helper", "helpers", "misc", "util", "utils", "manager")
BANNED_WORDS = {"qty": "quantity", "cancelled": "canceled", "cancelling": "canceling"}

# A call that only the named files may make, and why.
ONE_MAKER = {"Approved": {"risk/gate.py"}}
BROAD_EXCEPT = {"runtime/supervise.py"}

# The five ports: clock and timers, network, disk, random, spawn. A module on the left is
# imported only under the paths on the right; a folder ends in a slash. The simulated exchange
# is another program and has edges of its own.
EDGES: dict[str, tuple[str, ...]] = {
    "aiohttp": ("runtime/", "simexchange/"),
    "asyncio": ("cli/", "runtime/", "simexchange/", "testing/", "venues/"),
    "concurrent": ("runtime/",),
    "ctypes": (),
    "fcntl": ("journal/", "runtime/"),
    "http": ("runtime/", "simexchange/"),
    "io": ("cli/", "journal/", "reports/", "runtime/", "simexchange/"),
    "logging": ("observe/", "runtime/", "simexchange/"),
    "mmap": ("journal/",),
    "multiprocessing": ("runtime/",),
    "os": ("cli/", "journal/", "runtime/", "simexchange/"),
    "pathlib": (
        "cli/",
        "journal/",
        "recording/",
        "reports/",
        "runtime/",
        "simexchange/",
        "testing/",
    ),
    "picows": ("runtime/",),
    "pyarrow": ("recording/",),
    "select": ("runtime/",),
    "shutil": ("cli/", "journal/", "runtime/"),
    "signal": ("cli/", "runtime/", "simexchange/"),
    "socket": ("runtime/", "simexchange/"),
    "sqlite3": ("journal/", "runtime/"),
    "ssl": ("runtime/", "simexchange/"),
    "subprocess": ("runtime/",),
    "tempfile": ("runtime/", "testing/"),
    "threading": ("cli/", "journal/", "observe/", "runtime/"),
    "urllib.request": (),
    "uvloop": ("runtime/", "simexchange/"),
}
CLOCK = {"runtime/clock.py", "simexchange/pacing.py"}
RANDOM = {"runtime/random.py", "simexchange/source/synthetic.py"}

CORE = (
    "domain/",
    "journal/",
    "observe/",
    "market/",
    "decision/",
    "risk/",
    "execution/",
    "gateway/",
    "traffic/",
)
CORE_MAY_IMPORT = {"msgspec", "holdfast"}
PURE = ("domain/", "decision/", "risk/", "ledger/")

# Modules whose only users are tests for now, and why they stand here already.
SEAMS = {"holdfast.gateway.remote": "the gateway as a process of its own; the contract runs it"}
ENTRY_POINTS = ("cli/main.py", "__main__.py", "__init__.py")
