"""The Veracross door of the sandbox."""
