"""Makes the virtual environment that the Makefile's commands run in, and brings it up to date.

    python3 tools/environment.py FOLDER REQUIREMENTS...

Does nothing where the folder already holds what these files and pyproject.toml ask for. Written for any Python 3, so
that one that is too old gets a clear answer; the environment itself is made with Python 3.11 or newer.
"""

import hashlib
import os
import shutil
import subprocess
import sys

OLDEST = (3, 11)
NAMES = ["python3", "python3.13", "python3.12", "python3.11", "python3.14"]
PROBE = "import sys; sys.exit(sys.version_info < (3, 11))"


def works(*command):
    """Returns whether a command runs and succeeds."""
    try:
        return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def find_python():
    """Returns a Python that is new enough, this one first."""
    if sys.version_info >= OLDEST:
        return sys.executable
    for name in NAMES:
        path = shutil.which(name)
        if path and works(path, "-c", PROBE):
            return path
    version = ".".join(map(str, sys.version_info[:3]))
    sys.exit(
        "hlearn needs Python 3.11 or newer; python3 is %s. Install a newer one and run make again." % version
    )


def create(folder, python):
    """Makes the environment, also where the system's Python comes without ensurepip."""
    if works(python, "-c", "import ensurepip, venv"):
        subprocess.check_call([python, "-m", "venv", folder])
    elif works(python, "-c", "import venv") and works(python, "-m", "pip", "--version"):
        subprocess.check_call([python, "-m", "venv", "--without-pip", folder])
        subprocess.check_call(
            [python, "-m", "pip", "--python", os.path.join(folder, "bin", "python"), "install", "pip"]
        )
    else:
        sys.exit(
            "%s cannot make virtual environments: its venv module or pip is missing. "
            "On Debian and Ubuntu: apt-get install python3-venv. Then run make again." % python
        )


def fingerprint(files, python):
    """Returns what an up-to-date environment is stamped with."""
    digest = hashlib.sha256()
    for path in [*files, "pyproject.toml"]:
        with open(path, "rb") as file:
            digest.update(file.read())
    digest.update(os.path.realpath(python).encode())
    digest.update(os.getcwd().encode())
    return digest.hexdigest()


def main():
    """Creates, installs, stamps."""
    folder, files = sys.argv[1], sys.argv[2:]
    python = os.path.join(folder, "bin", "python")
    stamp = os.path.join(folder, "installed-" + "-".join(os.path.basename(f) for f in files))
    if works(python, "-c", PROBE) and os.path.exists(stamp):
        with open(stamp) as file:
            if file.read() == fingerprint(files, python):
                return
    if not works(python, "-c", PROBE):
        if os.path.exists(folder):
            sys.exit(
                "%s exists and is no working environment of Python 3.11 or newer; remove it and run make again."
                % folder
            )
        create(folder, find_python())
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    print("installing into %s (a few minutes the first time)" % folder, flush=True)
    arguments = [argument for path in files for argument in ("-r", path)]
    subprocess.check_call([*pip, "--require-hashes", *arguments])
    subprocess.check_call([*pip, "--no-deps", "--no-build-isolation", "--editable", "."])
    with open(stamp, "w") as file:
        file.write(fingerprint(files, python))


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit("failed (exit code %d): %s" % (error.returncode, " ".join(error.cmd)))
