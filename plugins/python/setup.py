"""All that setuptools needs to know is in setup.cfg. There is no pyproject.toml, so that pip installs with the setuptools that are
there, without a network."""
from setuptools import setup

setup()
