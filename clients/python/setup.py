"""Makes the messages and stubs of `wenmai.v1` from the contract when the package is built.

`pip install clients/python` does all there is to do; `python setup.py build_stubs` makes them in place,
for an editor or a type checker.
"""

import shutil
import tempfile
from pathlib import Path

from setuptools import Command, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
PROTO = HERE.parent.parent / "proto"


def make_stubs(target: Path) -> None:
    """Writes `wenmai/v1/*` under `target`; whole, or an error."""
    from grpc_tools import protoc

    files = sorted(str(path.relative_to(PROTO)) for path in PROTO.glob("wenmai/v1/*.proto"))
    if not files:
        raise SystemExit(f"no contract at {PROTO}: install from a checkout of the repository")
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["protoc", f"--proto_path={PROTO}"]
        arguments.append(f"--proto_path={Path(protoc.__file__).parent / '_proto'}")
        arguments += [f"--{kind}_out={folder}" for kind in ("python", "grpc_python", "mypy", "mypy_grpc")]
        if protoc.main(arguments + files) != 0:
            raise SystemExit("the contract could not be compiled")
        made = Path(folder) / "wenmai" / "v1"
        (made / "__init__.py").write_text('"""Messages and stubs, made from the contract."""\n')
        shutil.copytree(made, target / "wenmai" / "v1", dirs_exist_ok=True)


class Build(build_py):
    """Copies the sources, and adds what is made."""

    def run(self) -> None:
        make_stubs(HERE)
        super().run()


class BuildStubs(Command):
    """Makes the stubs beside the sources."""

    description = "make wenmai/v1 from proto/"
    user_options: list[tuple[str, str, str]] = []

    def initialize_options(self) -> None:
        """There are none."""

    def finalize_options(self) -> None:
        """There are none."""

    def run(self) -> None:
        make_stubs(HERE)


# setuptools looks for the package before the build makes it.
(HERE / "wenmai" / "v1").mkdir(exist_ok=True)
setup(cmdclass={"build_py": Build, "build_stubs": BuildStubs})
