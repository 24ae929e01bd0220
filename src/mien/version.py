"""The version of mien, where all that writes it down finds it without the face of the package."""

__version__ = "0.1.0"
