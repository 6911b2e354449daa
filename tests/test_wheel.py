"""The built wheel, installed where no checkout is: it carries its migrations and settings and runs the demo.

It is installed twice: with its extra `media`, and without it, where PyAV cannot be imported.
"""

from __future__ import annotations

import os
import site
import subprocess
import sys
import venv
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

import catalog

CHECKOUT = Path(__file__).resolve().parents[1]
CREATE = """
import catalog
from catalog import Catalog
from catalog.upgrading import migrations_folder
assert "site-packages" in catalog.__file__ and catalog.__file__.startswith({prefix!r}), catalog.__file__
with Catalog.init("library.db") as cat:
    assert cat.search().total == 0
print(migrations_folder())
"""


def run(*command: str | Path, folder: Path, status: int = 0) -> subprocess.CompletedProcess[str]:
    environment = {
        name: text for name, text in os.environ.items() if not name.startswith(("PYTHON", "CATALOG", "OPENAI"))
    }
    done = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == status, f"{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, CHECKOUT, folder=folder)
    (built,) = folder.glob("*.whl")
    return built


def install(wheel: Path, folder: Path, needed: list[str]) -> Path:
    """The folder of programs of a fresh environment: the package from the wheel, what it needs from other folders."""
    venv.create(folder / "env", with_pip=False, symlinks=True)
    programs = folder / "env" / "bin"
    pip = (sys.executable, "-m", "pip", "--python", programs / "python", "--quiet", "--disable-pip-version-check")
    run(*pip, "install", "--no-deps", "--no-index", wheel, folder=folder)
    (packages,) = (folder / "env").glob("lib/python*/site-packages")
    (packages / "running.pth").write_text("\n".join(needed))
    return programs


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment in which the wheel is installed with its extra."""
    return install(wheel, tmp_path_factory.mktemp("fresh"), site.getsitepackages())


@pytest.fixture(scope="module")
def installed_without_media(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment in which the wheel is installed without it."""
    folder = tmp_path_factory.mktemp("plain")
    (folder / "needed").mkdir()
    for package in (path for packages in site.getsitepackages() for path in Path(packages).iterdir()):
        if package.name.partition(".")[0].partition("-")[0] not in {"av", "catalog"}:
            (folder / "needed" / package.name).symlink_to(package)
    programs = install(wheel, folder, [str(folder / "needed")])
    run(programs / "python", "-c", "import av", folder=folder, status=1)
    return programs


def test_the_wheel_holds_what_the_package_reads_at_run_time(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    scripts = {f"catalog/migrations/versions/{path.name}" for path in (CHECKOUT / "migrations/versions").glob("0*.py")}
    assert names >= scripts | {"catalog/migrations/env.py", "catalog/datasette-metadata.json"}
    data = {
        str(path.relative_to(CHECKOUT))
        for path in (CHECKOUT / "catalog").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert names >= data
    assert not [name for name in names if name.startswith(("tests", "benchmarks")) or name.endswith(".pyc")]


def test_the_installed_package_makes_a_library_from_its_own_migrations(installed: Path, tmp_path: Path) -> None:
    done = run(installed / "python", "-c", CREATE.format(prefix=str(installed.parent)), folder=tmp_path)
    assert done.stdout.strip().startswith(str(installed.parent))
    assert done.stdout.strip().endswith("site-packages/catalog/migrations")


def test_the_installed_program_tells_its_version(installed: Path, tmp_path: Path) -> None:
    assert catalog.__version__ in run(installed / "catalog", "--version", folder=tmp_path).stdout


def test_the_installed_program_migrates(installed: Path, tmp_path: Path) -> None:
    run(installed / "python", "-c", CREATE.format(prefix=str(installed.parent)), folder=tmp_path)
    assert "up to date" in run(installed / "catalog", "--db", "library.db", "migrate", folder=tmp_path).stdout


@pytest.mark.parametrize("programs", ["installed", "installed_without_media"])
def test_the_installed_program_runs_the_demo_and_the_second_time_only_takes_in_what_is_new(
    request: pytest.FixtureRequest, programs: str, tmp_path: Path
) -> None:
    catalog_program = request.getfixturevalue(programs) / "catalog"
    command = (catalog_program, "demo", "--no-serve", "--directory", tmp_path / "demo")
    first = run(*command, folder=tmp_path).stdout
    assert list((tmp_path / "demo").glob("*.db"))
    assert "full walk" in first
    assert "neon" in first
    assert ("-m pip install av`" in first) == (programs == "installed_without_media")
    if programs == "installed":  # what a second run does is the same without PyAV
        assert "incremental walk" in run(*command, folder=tmp_path).stdout


CLIP = """
from urllib.request import Request, urlopen
from catalog.demo.gateway import Gateway
with Gateway() as gateway:
    job = next(job for job in reversed(list(gateway.jobs)) if job.at(gateway.jobs.clock()).status == "completed")
    asked = Request(f"{gateway.base_url}/videos/{job.id}/content", headers={"Authorization": f"Bearer {gateway.key}"})
    open("clip.mp4", "wb").write(urlopen(asked).read())
    print(len(gateway.jobs))
"""


@pytest.mark.parametrize("programs", ["installed", "installed_without_media"])
def test_the_installed_gateway_serves_the_same_jobs_with_clips_that_play(
    request: pytest.FixtureRequest, programs: str, tmp_path: Path
) -> None:
    import av

    python = request.getfixturevalue(programs) / "python"
    assert run(python, "-c", CLIP, folder=tmp_path).stdout == "240\n"
    with av.open(tmp_path / "clip.mp4") as container:
        assert len(list(container.decode(video=0))) > 30


def test_without_the_extra_what_needs_it_says_so_in_one_line(installed_without_media: Path, tmp_path: Path) -> None:
    advice = f"needs PyAV: run `{installed_without_media / 'python'} -m pip install av`\n"
    drawn = run(installed_without_media / "python", "-m", "catalog.demo.clips", folder=tmp_path, status=1)
    assert drawn.stderr == f"drawing clips {advice}"


def test_the_wheel_names_its_license_and_needs_pyav_for_its_extra_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = message_from_bytes(archive.read(name))
    assert metadata["Name"] == "video-catalog"
    assert metadata.get_all("License-File") == ["LICENSE", "NOTICE"]
    assert metadata.get_all("Provides-Extra") == ["media", "s3"]
    (need,) = [need for need in metadata.get_all("Requires-Dist", []) if need.startswith("av")]
    assert need.endswith("extra == 'media'")


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_a_program_that_uses_the_installed_package_type_checks(checker: str, installed: Path, tmp_path: Path) -> None:
    program = (CHECKOUT / "tests/typing/consumer.py").read_text()
    (tmp_path / "consumer.py").write_text(program)
    (tmp_path / "faulty.py").write_text(program.replace("video.size", "video.sise"))
    (tmp_path / "empty.toml").write_text("")
    options = {
        "mypy": ("--strict", "--config-file", "empty.toml", "--python-executable", installed / "python"),
        "pyright": ("--pythonpath", installed / "python"),
    }
    check = (sys.executable, "-m", checker, *options[checker])
    done = run(*check, "consumer.py", "faulty.py", folder=tmp_path, status=1)
    errors = [line for line in done.stdout.splitlines() if " error: " in line]
    assert any("sise" in error for error in errors), done.stdout + done.stderr
    assert all("faulty.py" in error for error in errors), done.stdout
