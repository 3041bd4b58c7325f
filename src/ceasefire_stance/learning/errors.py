"""The error of everything that has to do with models."""


class ModelError(RuntimeError):
    """A model that is missing, incompatible or not to be trusted: exit code 4."""
