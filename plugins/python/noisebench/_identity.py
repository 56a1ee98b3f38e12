"""What code this process runs: a digest of its source files, and the versions of what lies below."""

from __future__ import annotations

import hashlib
import os
import platform
import site
import sys
import sysconfig
from typing import Dict, List, Optional, Tuple

# Packages that carry messages and decide about no bits.
_CARRIERS = {"grpc", "google", "setuptools", "pkg_resources", "_distutils_hack", "pip", "typing_extensions", "sitecustomize"}


def _installed() -> List[str]:
    """Folders of packages that an installer has put there."""
    folders = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages(), site.getusersitepackages()]
    return [os.path.realpath(f) + os.sep for f in folders]


def _standard() -> List[str]:
    paths = [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")]
    return [os.path.realpath(f) + os.sep for f in paths]


def _own_sources() -> List[Tuple[str, str]]:
    """The files of this package, which are part of what is served wherever they lie."""
    folder = os.path.dirname(os.path.abspath(__file__))
    names = sorted(n for n in os.listdir(folder) if n.endswith((".py", ".binpb")))
    return [(f"noisebench/{n}", os.path.join(folder, n)) for n in names]


def _loaded() -> Tuple[List[Tuple[str, str]], Dict[str, str]]:
    """The files of loaded modules that are nobody's package, and the versions of the packages."""
    installed, standard = _installed(), _standard()
    files, packages = [], {}
    for name, module in sorted(sys.modules.items()):
        path = getattr(module, "__file__", None)
        top = name.partition(".")[0]
        if not path or top == "noisebench":
            continue
        path = os.path.realpath(path)
        inside = path.startswith(tuple(installed)) or f"{os.sep}site-packages{os.sep}" in path or f"{os.sep}dist-packages{os.sep}" in path
        if inside:
            if top not in _CARRIERS and top not in packages:
                packages[top] = _version(top)
        elif not path.startswith(tuple(standard)) and os.path.isfile(path) and not _is_ours(path):
            files.append((name, path))
    return files, packages


def _is_ours(path: str) -> bool:
    return os.path.dirname(path) == os.path.dirname(os.path.realpath(__file__))


def _version(package: str) -> str:
    module = sys.modules.get(package)
    version = getattr(module, "__version__", None)
    if isinstance(version, str):
        return version
    path = getattr(module, "__file__", None)
    if path and os.path.isfile(path):
        return _sum(path)[:16]
    return ""


def _sum(path: str) -> str:
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def digest() -> str:
    """Names all code that is loaded now: files outside the standard library and installed packages by their bytes, installed
    packages by their versions, and the arguments of the process."""
    files, packages = _loaded()
    h = hashlib.sha256()
    for name, path in _own_sources() + files:
        h.update(f"{name}\0{_sum(path)}\n".encode())
    for name, version in sorted(packages.items()):
        h.update(f"{name}=={version}\n".encode())
    h.update("\0".join(sys.argv[1:]).encode())
    return "py-" + h.hexdigest()[:40]


def environment(more: Optional[Dict[str, str]] = None) -> Dict[str, str]:
    """What else decides about bits."""
    found = {"python": platform.python_version()}
    for name in ("numpy", "torch", "jax", "jaxlib", "optax"):
        if name in sys.modules:
            found[name] = _version(name)
    found.update(more or {})
    return {k: str(v).replace(";", ",").replace("=", " ").strip()[: 127 - len(k)] or "none" for k, v in found.items()}
